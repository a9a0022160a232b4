package stream

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"volara/geometry"
)

// TestCrashedBlocksAreTriedApart demands that the blocks that a dead worker had are opened by Isolate, by every worker
// and also after they have failed and are tried anew; and that others are not.
func TestCrashedBlocksAreTriedApart(t *testing.T) {
	s := newSite(t)
	p := chain("apart", grid(t, 0, 20))
	p.Tasks[0].MaxRetries = 0
	s.generations(&p)
	tracker := s.options()
	j, err := openJournal(tracker.JournalDir, "dead")
	if err != nil {
		t.Fatal(err)
	}
	had := work{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Blocks: Ranges{{3, 2}}}
	if err := j.note(journalEntry{p.Run, "dead", had}); err != nil {
		t.Fatal(err)
	}
	if err := j.file.Close(); err != nil { // as the kernel does for a dead process
		t.Fatal(err)
	}
	here, apart := newRecorder(), newRecorder()
	fails := true
	apart.process = func(context.Context, string, geometry.Block) error {
		if fails {
			return context.DeadlineExceeded
		}
		return nil
	}
	stop := s.work("apart", WorkerOptions{Open: here.open, Isolate: apart.open})
	status := s.run(p, tracker)
	if status.State != StateFailed || status.Tasks[0].Failed != 2 || here.total("a") != 18 || apart.total("a") != 2 {
		t.Errorf("%d blocks failed, %d were processed here, %d apart", status.Tasks[0].Failed, here.total("a"), apart.total("a"))
	}
	stop()
	fails = false
	s.work("apart", WorkerOptions{Open: here.open, Isolate: apart.open})
	s.finished(s.run(p, tracker))
	if here.total("a") != 18 || apart.total("a") != 4 {
		t.Errorf("after another run, %d blocks were processed here, %d apart", here.total("a"), apart.total("a"))
	}
}

// TestWatchHold demands that who lets another process do the work hears of every sign of life that extends the hold.
func TestWatchHold(t *testing.T) {
	s := newSite(t)
	p := chain("watched", grid(t, 0, 1))
	s.generations(&p)
	tracker := s.options()
	tracker.AckWait = 400 * time.Millisecond
	var mu sync.Mutex
	var heard []time.Time
	r := newRecorder()
	r.process = func(ctx context.Context, _ string, _ geometry.Block) error {
		derived, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		defer WatchHold(derived, func(until time.Time) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, until)
		})()
		time.Sleep(time.Second)
		return ctx.Err()
	}
	s.work("watched", WorkerOptions{Open: r.open})
	s.finished(s.run(p, tracker))
	mu.Lock()
	defer mu.Unlock()
	if len(heard) < 3 || !slices.IsSortedFunc(heard, time.Time.Compare) {
		t.Errorf("heard of %v", heard)
	}
	WatchHold(context.Background(), func(time.Time) { t.Error("a context without a hold has one") })()
}

// TestReserve demands that getting ready does not count towards a block's timeout, and that what was reserved is given
// back.
func TestReserve(t *testing.T) {
	s := newSite(t)
	p := chain("ready", grid(t, 0, 4))
	p.Tasks[0].Timeout, p.Tasks[0].MaxRetries = 200*time.Millisecond, 0
	s.generations(&p)
	r := newRecorder()
	slow := &slowToReady{recorder: r}
	s.work("ready", WorkerOptions{Open: func(context.Context, json.RawMessage, string) (Processor, error) { return slow, nil }})
	s.finished(s.run(p, s.options()))
	r.mu.Lock()
	defer r.mu.Unlock()
	if slow.reserved != 4 || r.closed != 4 {
		t.Errorf("%d were reserved, %d given back", slow.reserved, r.closed)
	}
}

// slowToReady takes longer to get ready than a block may take.
type slowToReady struct {
	*recorder
	reserved int
}

func (p *slowToReady) Reserve(context.Context) (Processor, error) {
	time.Sleep(400 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved++
	return recorded{p.recorder, "a"}, nil
}

func (p *slowToReady) Process(context.Context, geometry.Block) (Result, error) {
	panic("a block was processed without a place")
}

func (p *slowToReady) Close() error { return nil }

var _ Reserver = (*slowToReady)(nil)
