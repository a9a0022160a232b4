package stream

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"volara/geometry"
)

// hang makes a board with a failed block that does not stop, and tells which one.
func hang(t *testing.T, p Plan) (*board, int64) {
	t.Helper()
	b := newBoard(p, testPolicy())
	b.epoch = 1
	w, ok := b.tasks[0].next()
	if !ok {
		t.Fatal("nothing is ready")
	}
	i := w.Blocks[0].First()
	foldAll(t, b, completion{Failed: []fails{{Block: i, Error: "does not stop", Permanent: true, Hung: true}}}, w)
	return b, i
}

// A block that does not stop is not pardoned, is not believed to be done and keeps the epoch busy; a failed one beside
// it is pardoned all the same.
func TestHungBlockStaysOut(t *testing.T) {
	p := conflicting(t, 10)
	b, i := hang(t, p)
	task := b.tasks[0]
	w, ok := task.next()
	if !ok {
		t.Fatal("only one block is let go")
	}
	other := w.Blocks[0].First()
	foldAll(t, b, completion{Failed: []fails{{Block: other, Error: "no", Permanent: true}}}, w)
	if _, err := b.pardons(RetryRequest{Tasks: []string{"a"}, Blocks: []int64{other, i}}); err == nil || !strings.Contains(err.Error(), "at work") {
		t.Errorf("a hung block is to be tried: %v", err)
	}
	named, err := b.pardons(RetryRequest{})
	if err != nil || len(named[task]) != 1 || named[task][0] != (Range{other, 1}) {
		t.Errorf("%v, %v instead of block %d", named[task], err, other)
	}
	task.pardon(other, time.Time{})
	w, ok = task.next()
	if !ok || w.Blocks[0] != (Range{other, 1}) {
		t.Fatalf("%+v", w)
	}
	foldAll(t, b, completion{Done: w.Blocks}, w)
	if _, err := b.pardons(RetryRequest{}); err == nil || !strings.Contains(err.Error(), "at work") {
		t.Errorf("that nothing is tried is not said: %v", err)
	}
	if _, err := b.fold(completion{Task: "a", Epoch: 0, Attempt: 1, Done: Ranges{{i, 1}}}, time.Time{}); err != nil || task.done.Get(i) {
		t.Errorf("a block at work counts as done: %v", err)
	}
	for w, ok := task.next(); ok; w, ok = task.next() {
		foldAll(t, b, completion{Done: w.Blocks}, w)
	}
	if task.out.Count() != 0 || !b.atWork() {
		t.Error("nothing seems to be at work")
	}
}

// A block of a task without conflicts that does not stop is tried beside itself.
func TestHungBlockWithoutConflicts(t *testing.T) {
	b, i := hang(t, chain("r", grid(t, 1, 10)))
	if named, err := b.pardons(RetryRequest{}); err != nil || len(named) != 1 || named[b.tasks[0]][0].First() != i {
		t.Errorf("%v, %v", named, err)
	}
	if b.atWork() {
		t.Error("it counts as at work")
	}
}

// A block whose new attempt is due while earlier workers may be at work waits for them.
func TestDueWhileHeld(t *testing.T) {
	p := conflicting(t, 10)
	b := newBoard(p, testPolicy())
	b.epoch = 2
	b.hold(true)
	task, now := b.tasks[0], time.Unix(1000, 0)
	task.tried(4).attempts, task.tried(4).crashes = 1, 1
	task.out.Set(4)
	task.wait(4, now)
	for range 3 {
		if w, ok := b.due(now.Add(time.Second)); ok {
			t.Fatalf("%v is published while an epoch's workers may live", w)
		}
	}
	if _, ok := b.retry.first(); ok {
		t.Error("the tracker is woken for a block that must wait")
	}
	if b.comeDue() {
		t.Error("a block that must wait comes due")
	}
	b.hold(false)
	b.comeDue()
	if w, ok := b.due(now.Add(time.Second)); !ok || w.Blocks[0] != (Range{4, 1}) || !w.Isolated {
		t.Errorf("%+v, %v after the wait", w, ok)
	}
	if w, ok := b.due(now.Add(time.Hour)); ok {
		t.Errorf("%v comes twice", w)
	}
}

// The next run waits for a block that an earlier one left at work, and a request to the live one is refused.
func TestNextRunWaitsForHungBlock(t *testing.T) {
	s := newSite(t)
	p := conflicting(t, 1)
	p.Tasks[0].Timeout, p.Tasks[0].MaxRetries = 20*time.Millisecond, 0
	slow := Task{Name: "slow", Grid: grid(t, 0, 1), Select: grid(t, 0, 1).All()}
	p.Tasks = append(p.Tasks, slow)
	s.generations(&p)
	stopped, asked := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	var again atomic.Int64 // when the block was begun again
	r := newRecorder()
	r.process = func(_ context.Context, task string, _ geometry.Block) error {
		switch {
		case task == "slow":
			<-asked
		case first.CompareAndSwap(false, true):
			<-stopped // whatever its context says
		default:
			again.Store(time.Now().UnixNano())
		}
		return nil
	}
	stop := s.work(p.Run, WorkerOptions{Open: r.open, Slots: 2})
	opts := s.options()
	opts.AckWait = 800 * time.Millisecond
	tracker, err := NewTracker(s.connect(), p, opts)
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
	for tracker.Snapshot().Tasks[0].Failed == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	for _, request := range []RetryRequest{{}, {Tasks: []string{"a"}, Blocks: []int64{0}}} {
		_, err := Retry(s.ctx(), s.connect(), p.Run, request)
		if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, "at work") {
			t.Errorf("%+v: %v", request, err)
		}
	}
	close(asked)
	status := <-ended
	if status.State != StateFailed || again.Load() != 0 {
		t.Fatalf("%+v", status)
	}
	began := time.Now()
	s.finished(s.run(p, opts))
	if waited := time.Unix(0, again.Load()).Sub(began); waited < silence(opts.AckWait) {
		t.Errorf("the block was begun again after %v", waited)
	}
	close(stopped)
	stop()
}
