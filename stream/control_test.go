package stream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"volara/geometry"
)

// Whatever is pardoned when, in a hostile world, order and counts are those of the slow reference, and what is not
// failed in the end is done.
func TestPardonsAgainstReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSimulation(rt, drawPlan(rt))
		s.hostile = rapid.Float64Range(0.2, 0.9).Draw(rt, "hostile")
		for left := 20; !s.b.drained() || left > 0; s.step() {
			if left > 0 && (s.b.drained() || s.rng.IntN(4) == 0) {
				left--
				s.pardon()
			}
			if left == 0 {
				s.hostile = 0
			}
		}
		s.check()
	})
}

// pardon pardons all that has failed, or one block of it.
func (s *simulation) pardon() {
	pardons, err := s.b.pardons(RetryRequest{})
	if err != nil && len(s.hung) == 0 {
		s.Fatal(err)
	}
	for t, ranges := range pardons {
		if s.rng.IntN(2) == 0 {
			ranges = Ranges{{ranges[0].First(), 1}}
		}
		for _, r := range ranges {
			for i := r.First(); i < r.End(); i++ {
				t.pardon(i, s.now)
				delete(s.ref.failed[s.ref.task(t.Name)], i)
			}
		}
	}
}

// A failure that is reported again after its block was pardoned counts for nothing.
func TestPardonedAttemptsDoNotCount(t *testing.T) {
	p := chain("r", grid(t, 0, 2))
	p.Tasks[0].Generation, p.Tasks[0].MaxRetries = "G", 1
	b := newBoard(p, testPolicy())
	b.epoch = 1
	task, now := b.tasks[0], time.Unix(0, 0)
	fail := func(attempt int) {
		t.Helper()
		if _, err := b.fold(completion{Task: "a", Generation: "G", Epoch: 1, Attempt: attempt, Failed: []fails{{Block: 0, Error: "no"}}}, now); err != nil {
			t.Fatal(err)
		}
	}
	task.pace.blockTime = 1
	for attempt := 1; attempt <= 2; attempt++ {
		if attempt == 1 {
			task.next()
		} else {
			now = now.Add(time.Second)
			b.due(now)
		}
		fail(attempt)
	}
	if task.nFailed != 1 {
		t.Fatalf("%d blocks have failed", task.nFailed)
	}
	task.pardon(0, now)
	fail(2)
	if w, ok := task.next(); !ok || w.Attempt != 3 || w.Blocks[0].First() != 0 {
		t.Fatalf("%+v, %v", w, ok)
	}
	fail(2)
	if task.waiting != 0 || task.nFailed != 0 {
		t.Error("a failure of long ago was counted")
	}
	fail(3)
	if task.waiting != 1 {
		t.Error("the first attempt after the pardon was the last")
	}
	other := newBoard(p, testPolicy()).tasks[0]
	if err := other.decodeTroubles(task.encodeTroubles(0)); err != nil || other.troubles[0].errors() != 1 {
		t.Errorf("stored and loaded: %+v, %v", other.troubles[0], err)
	}
}

// requestUntilHeard repeats a request until the tracker has begun to listen.
func requestUntilHeard(t *testing.T, f func() error) error {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if err := f(); !errors.Is(err, ErrNotLed) || time.Now().After(deadline) {
			return err
		}
	}
}

func TestRetryOfALiveRun(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 6)
	p := chain("r", g, g)
	slow := Task{Name: "slow", Grid: grid(t, 0, 1), Select: grid(t, 0, 1).All()}
	p.Tasks = append([]Task{slow}, p.Tasks...)
	s.generations(&p)
	mended, failures := make(chan struct{}), atomic.Int64{}
	r := newRecorder()
	r.process = func(ctx context.Context, task string, b geometry.Block) error {
		select {
		case <-mended:
			return nil
		default:
		}
		if task == "slow" {
			<-mended
		}
		if task == "a" && b.Index == 3 {
			failures.Add(1)
			return errors.New("not yet")
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, Slots: 3})
	nc := s.connect()
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan Status, 1)
	go func() {
		status, err := tracker.Run(s.ctx())
		if err != nil {
			t.Error(err)
		}
		ended <- status
	}()
	for tracker.Snapshot().Tasks[1].Failed == 0 {
		time.Sleep(time.Millisecond)
	}
	for name, bad := range map[string]RetryRequest{
		"no task": {Tasks: []string{"z"}}, "one task": {Blocks: []int64{1}}, "has no block": {Tasks: []string{"a"}, Blocks: []int64{6}},
		"has not failed": {Tasks: []string{"a"}, Blocks: []int64{3, 2}},
	} {
		_, err := Retry(s.ctx(), nc, "r", bad)
		if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, name) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if blocks, err := Retry(s.ctx(), nc, "r", RetryRequest{Tasks: []string{"b"}}); err != nil || len(blocks) != 0 {
		t.Errorf("%v, %v", blocks, err)
	}
	before := failures.Load()
	if blocks, err := Retry(s.ctx(), nc, "r", RetryRequest{}); err != nil || blocks["a"] != 1 || len(blocks) != 1 {
		t.Errorf("%v, %v", blocks, err)
	}
	allTried := func() bool { // a snapshot may be from before the retry
		f := tracker.Snapshot().Tasks[1].Failures
		return len(f) == 1 && f[0].Attempts >= 6
	}
	for failures.Load() < before+3 || !allTried() {
		time.Sleep(time.Millisecond)
	}
	if blocks, err := Retry(s.ctx(), nc, "r", RetryRequest{Tasks: []string{"a"}, Blocks: []int64{3, 3}}); err != nil || blocks["a"] != 1 {
		t.Errorf("%v, %v", blocks, err)
	}
	close(mended)
	s.finished(<-ended)
	_, done := s.told("r")
	if done["a"] != 6 || done["b"] != 6 || done["slow"] != 1 {
		t.Errorf("told done: %v", done)
	}
	if _, err := Retry(s.ctx(), nc, "r", RetryRequest{}); !errors.Is(err, ErrNotLed) {
		t.Errorf("an ended run: %v", err)
	}
}

func TestCancelWaitsForBlocksInWork(t *testing.T) {
	for _, now := range []bool{false, true} {
		s := newSite(t)
		p := chain("r", grid(t, 0, 50))
		s.generations(&p)
		hold, inWork := make(chan struct{}), make(chan struct{}, 100)
		r := newRecorder()
		r.process = func(ctx context.Context, task string, b geometry.Block) error {
			inWork <- struct{}{}
			<-hold
			return nil
		}
		s.work(p.Run, WorkerOptions{Open: r.open, Slots: 1})
		var release sync.Once
		open := func() { release.Do(func() { close(hold) }) }
		t.Cleanup(open)
		nc := s.connect()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			<-inWork
			if err := requestUntilHeard(t, func() error { return Cancel(s.ctx(), nc, "r", "me", now) }); err != nil {
				t.Error(err)
			}
			if !now {
				time.AfterFunc(100*time.Millisecond, open)
			}
			if err := AwaitEnd(s.ctx(), nc, "r"); err != nil {
				t.Error(err)
			}
		}()
		tracker, err := NewTracker(s.connect(), p, s.options())
		if err != nil {
			t.Fatal(err)
		}
		status, err := tracker.Run(s.ctx())
		if err != nil || status.State != StateStopped || status.Reason != "cancelled by me" {
			t.Errorf("%+v, %v", status, err)
		}
		if cancelled, abandoned := tracker.Cancelled(); !cancelled || abandoned != now {
			t.Errorf("cancelled %v, abandoned %v", cancelled, abandoned)
		}
		if done := status.Tasks[0].Done; now && done != 0 || !now && done == 0 {
			t.Errorf("%d blocks are done, now: %v", done, now)
		}
		open()
		<-asked
		again := s.run(p, s.options())
		s.finished(again)
		if _, done := s.told("r"); done["a"] != 50 {
			t.Errorf("told done: %v", done)
		}
	}
}

// A cancel is recorded when it is answered, for a standby that takes over from a leader that dies then; a run that comes
// to its end all the same is not said to be cancelled.
func TestCancelIsRecorded(t *testing.T) {
	for _, blocks := range []int{1, 50} {
		s := newSite(t)
		p := chain("r", grid(t, 0, blocks))
		s.generations(&p)
		hold, inWork := make(chan struct{}), make(chan struct{}, 100)
		r := newRecorder()
		r.process = func(context.Context, string, geometry.Block) error {
			inWork <- struct{}{}
			<-hold
			return nil
		}
		s.work(p.Run, WorkerOptions{Open: r.open, Slots: 1})
		nc := s.connect()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			defer close(hold)
			<-inWork
			if err := Cancel(s.ctx(), nc, "r", "me", false); err != nil {
				t.Error(err)
			}
			if c, err := LastCancel(s.ctx(), s.jetStream(), "r"); err != nil || c.Reason != "cancelled by me" || !c.Pending {
				t.Errorf("%+v, %v", c, err)
			}
		}()
		status := s.run(p, s.options())
		<-asked
		c, err := LastCancel(s.ctx(), s.jetStream(), "r")
		if done := status.State == StateDone; err != nil || c.Pending || done != (blocks == 1) || done != (c.Reason == "") {
			t.Errorf("%s: %+v, %v", status.State, c, err)
		}
		if err := AwaitEnd(s.ctx(), nc, "r"); err != nil {
			t.Error(err)
		}
	}
}

// Who waits for the end of a cancelled run hears of a leader that was killed and of one that has not heard the cancel.
func TestAwaitEnd(t *testing.T) {
	s := newSite(t)
	js, nc := s.jetStream(), s.connect()
	for name, record := range map[string]*runRecord{
		"begins": nil, "killed": {Version: protocolVersion, Epoch: 3, Busy: true}, "ended": {Version: protocolVersion, Epoch: 3, Ended: true},
	} {
		lease, err := TakeLease(s.ctx(), js, name, LeaseOptions{Logger: s.log})
		if err != nil {
			t.Fatal(err)
		}
		state, err := OpenState(s.ctx(), js, name)
		if err != nil {
			t.Fatal(err)
		}
		ended := false
		if record != nil {
			ended = record.Ended
			if _, err := state.put(s.ctx(), keyRun, encode(record), 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := AwaitEnd(s.ctx(), nc, name); errors.Is(err, ErrGoesOn) == ended {
			t.Errorf("%s, and not cancelled: %v", name, err)
		}
		if err := state.NoteCancel(s.ctx(), lease, "me"); err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(s.ctx(), 3*tickPeriod)
		if err := AwaitEnd(short, nc, name); (err == nil) != ended {
			t.Errorf("%s, and cancelled: %v", name, err)
		}
		stop()
		released := make(chan struct{})
		time.AfterFunc(2*tickPeriod, func() {
			defer close(released)
			if err := lease.Release(context.Background()); err != nil {
				t.Error(err)
			}
		})
		if err := AwaitEnd(s.ctx(), nc, name); err != nil {
			t.Errorf("%s, and nobody leads: %v", name, err)
		}
		<-released
		if c, err := LastCancel(s.ctx(), js, name); err != nil || c.Reason != "cancelled by me" || c.Pending {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if after := recordOf(s, name); record != nil && (after.Epoch != 3 || after.Busy != record.Busy || after.Ended != ended) {
			t.Errorf("%s: the record is %+v", name, after)
		}
	}
}

func TestOnCancel(t *testing.T) {
	s := newSite(t)
	nc := s.connect()
	if err := Cancel(s.ctx(), nc, "r", "me", false); !errors.Is(err, ErrNotLed) {
		t.Errorf("nobody listens: %v", err)
	}
	heard := make(chan string, 1)
	stop, err := OnCancel(s.connect(), "r", func(by string) error { heard <- by; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := requestUntilHeard(t, func() error { return Cancel(s.ctx(), nc, "r", "me", false) }); err != nil {
		t.Fatal(err)
	}
	if by := <-heard; by != "me" {
		t.Errorf("cancelled by %q", by)
	}
	if _, err := Retry(s.ctx(), nc, "r", RetryRequest{}); !errors.Is(err, ErrEnding) {
		t.Errorf("a retry before there is a tracker: %v", err)
	}
	stop()
	if err := Cancel(s.ctx(), nc, "r", "me", false); !errors.Is(err, ErrNotLed) {
		t.Errorf("nobody listens any more: %v", err)
	}
}

func TestDeleteRun(t *testing.T) {
	s := newSite(t)
	js := s.jetStream()
	for _, run := range []string{"keep", "go.away"} {
		p := chain(run, grid(t, 0, 5))
		s.generations(&p)
		stop := s.work(p.Run, WorkerOptions{Open: noop})
		s.finished(s.run(p, s.options()))
		stop()
	}
	for range 2 {
		if err := DeleteRun(s.ctx(), js, "go.away"); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := Runs(s.ctx(), js)
	if err != nil || !slices.Equal(runs, []string{"keep"}) {
		t.Errorf("%v, %v", runs, err)
	}
	names := js.StreamNames(s.ctx())
	for name := range names.Name() {
		if run, ok := RunOf(name); ok && run != "keep" {
			t.Errorf("stream %s is left", name)
		}
	}
}
