package stream

import (
	"context"
	"testing"
)

// What JetStream stores of a run's events is bounded, and what is left are the last ones.
func TestHistoryIsBounded(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 4000))
	s.generations(&p)
	opts := s.options()
	opts.EventBytes, opts.MaxBatch = 64<<10, 1
	stop := s.work(p.Run, WorkerOptions{Open: noop})
	s.finished(s.run(p, opts))
	stop()
	events, err := openEvents(context.Background(), s.jetStream(), p.Run)
	if err != nil {
		t.Fatal(err)
	}
	if info := events.CachedInfo(); info.State.Bytes > 64<<10+2*maxLines || info.State.FirstSeq == 1 {
		t.Errorf("%d bytes of events are kept, from number %d on", info.State.Bytes, info.State.FirstSeq)
	}
	var last Event
	if err := Events(context.Background(), s.jetStream(), p.Run, false, func(e Event) error {
		last = e
		return nil
	}); err != nil || last.Kind != EventRunDone {
		t.Errorf("the last event is %+v (%v)", last, err)
	}
}
