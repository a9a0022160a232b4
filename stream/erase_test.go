package stream

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// An emptier takes what is consumed, and fails as often as it is told to.
type emptier struct {
	mu     sync.Mutex
	blocks map[int64]int
	fails  int
}

func (e *emptier) take(_ context.Context, _ string, blocks Ranges) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fails > 0 {
		e.fails--
		return errors.New("the disk is busy")
	}
	for _, r := range blocks {
		for i := r.First(); i < r.End(); i++ {
			e.blocks[i]++
		}
	}
	return nil
}

// demand fails the test unless exactly these blocks were taken, and forgets them.
func (e *emptier) demand(t *testing.T, n int64) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if int64(len(e.blocks)) != n {
		t.Errorf("%d blocks were handed over, want %d", len(e.blocks), n)
	}
	clear(e.blocks)
}

// What is consumed is handed over in the same run, once; what a region's run has consumed is not handed over again by
// the run of the whole, and a run with nothing to do hands over nothing.
func TestConsumedIsHandedOver(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 4, 5, 6)
	p := chain("run", g, g)
	p.Tasks[0].Consumers = []string{"b"}
	s.generations(&p)
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open})
	e := &emptier{blocks: map[int64]int{}}
	o := s.options()
	o.Consumed = e.take

	part := p
	part.Tasks = append([]Task(nil), p.Tasks...)
	for i := range part.Tasks {
		part.Tasks[i].Select.Shape = g.Counts().Clone()
		part.Tasks[i].Select.Shape[0] = 2
	}
	s.finished(s.run(part, o))
	e.demand(t, 1*5*6) // the second layer is still read by the third
	s.finished(s.run(p, o))
	e.demand(t, 3*5*6)
	s.finished(s.run(p, o))
	e.demand(t, 0)
}

// What cannot be handed over is tried again, and in the end by the next run; runs that hand over nothing do not hide what
// they do from it.
func TestConsumedIsTriedAgain(t *testing.T) {
	s := newSite(t)
	g := grid(t, 0, 6, 7)
	p := chain("run", g, g)
	s.generations(&p)
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open})
	e := &emptier{blocks: map[int64]int{}, fails: 1}
	o := s.options()
	o.Consumed = e.take
	consumed := p
	consumed.Tasks = append([]Task(nil), p.Tasks...)
	consumed.Tasks[0].Consumers = []string{"b"}

	part := consumed
	part.Tasks = append([]Task(nil), consumed.Tasks...)
	for i := range part.Tasks {
		part.Tasks[i].Select.Shape = g.Counts().Clone()
		part.Tasks[i].Select.Shape[0] = 1
	}
	s.finished(s.run(part, o))
	e.demand(t, 7)
	s.finished(s.run(p, o)) // consumes nothing
	e.demand(t, 0)
	e.fails = 1000
	s.finished(s.run(consumed, o))
	e.demand(t, 0)
	e.fails = 0
	s.finished(s.run(consumed, o))
	e.demand(t, g.Len())
}

// A reader that waits for everything has consumed when all of it is done.
func TestConsumedAsAWhole(t *testing.T) {
	s := newSite(t)
	p := chain("run", grid(t, 0, 5, 5), grid(t, 0, 1, 1))
	p.Tasks[1].Upstream[0].All = true
	p.Tasks[0].Consumers = []string{"b"}
	s.generations(&p)
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open})
	e := &emptier{blocks: map[int64]int{}}
	o := s.options()
	o.Consumed = e.take
	s.finished(s.run(p, o))
	e.demand(t, 25)
}

// A run whose blocks are all done and that still deletes heeds who stops it, by its context or by request, tells its end
// once and after that, and leaves the rest to the next run.
func TestConsumedHeedsStops(t *testing.T) {
	for _, how := range []string{"interrupt", "cancel"} {
		s := newSite(t)
		g := grid(t, 0, 60, 50)
		p := chain("run", g, g)
		p.Tasks[0].Consumers = []string{"b"}
		s.generations(&p)
		s.work(p.Run, WorkerOptions{Open: newRecorder().open})
		o := s.options()
		e := &emptier{blocks: map[int64]int{}}
		began, slow := make(chan struct{}, 100), make(chan struct{})
		o.Consumed = func(ctx context.Context, task string, blocks Ranges) error {
			began <- struct{}{}
			select {
			case <-slow:
				return e.take(ctx, task, blocks)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		tracker, err := NewTracker(s.connect(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(s.ctx())
		nc := s.connect()
		go func() {
			<-began
			for status := tracker.Snapshot(); status.Tasks[1].Done < g.Len(); status = tracker.Snapshot() {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(2 * tickPeriod)
			if status := tracker.Snapshot(); status.State != StateRunning {
				t.Errorf("%s: the run is %s while it deletes", how, status.State)
			}
			if how == "interrupt" {
				interrupt()
			} else if err := Cancel(s.ctx(), nc, "run", "me", true); err != nil {
				t.Error(err)
			}
		}()
		status, err := tracker.Run(ctx)
		interrupt()
		if err != nil {
			t.Fatal(err)
		}
		s.finished(status)
		e.demand(t, 0)
		if record := recordOf(s, "run"); !record.Ended || record.Cancelled != "" {
			t.Errorf("%s: a run that is done: ended %v, %q", how, record.Ended, record.Cancelled)
		}
		close(slow)
		s.finished(s.run(p, o))
		e.demand(t, g.Len())
	}
}
