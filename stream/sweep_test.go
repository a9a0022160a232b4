package stream

import (
	"context"
	"testing"
	"time"
)

// A message that was lost is found although its block was done by a worker of an earlier epoch: it counts against what
// the task may have in work.
func TestLostMessageOfADoneBlock(t *testing.T) {
	p := chain("r", grid(t, 0, 10))
	p.Tasks[0].Generation, p.Tasks[0].MaxWorkers = "G", 1
	b := newBoard(p, testPolicy())
	b.epoch = 2
	task := b.tasks[0]
	w, ok := task.next()
	if !ok {
		t.Fatal("nothing is ready")
	}
	if _, err := b.fold(completion{Task: "a", Generation: "G", Epoch: 1, Attempt: 1, Message: w.Blocks[0].First(), Done: w.Blocks}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if task.out.Count() != 0 || len(task.messages) != 1 {
		t.Fatalf("%d blocks are out in %d messages", task.out.Count(), len(task.messages))
	}
	if !task.expects() {
		t.Error("nobody looks for the message")
	}
	if n := task.lost(time.Now()); n != 0 || len(task.messages) != 0 || task.expects() {
		t.Errorf("%d blocks are published again, %d messages remain", n, len(task.messages))
	}
}

// A run with a cap goes on after the message of a block was lost that an earlier epoch's worker has done.
func TestCapAndLostMessage(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 10))
	p.Tasks[0].MaxWorkers = 1
	s.generations(&p)
	js := s.jetStream()
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.ctx(), time.Minute)
	defer cancel()
	type outcome struct {
		status Status
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		status, err := tracker.Run(ctx)
		ended <- outcome{status, err}
	}()
	epoch := uint64(0)
	for queued := uint64(0); queued == 0; time.Sleep(5 * time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("nothing was published")
		}
		record, err := readRecord(ctx, js, p.Run)
		if err != nil || record.Epoch == 0 {
			continue
		}
		epoch = record.Epoch
		if work, err := js.Stream(ctx, workStream(p.Run, epoch)); err == nil {
			queued = work.CachedInfo().State.Msgs
		}
	}
	work, err := js.Stream(ctx, workStream(p.Run, epoch))
	if err != nil {
		t.Fatal(err)
	}
	if err := work.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	done := completion{Task: "a", Generation: p.Tasks[0].Generation, Epoch: epoch - 1, Attempt: 1, Worker: "old", Done: Ranges{{0, 1}}}
	if _, err := js.Publish(ctx, doneSubject(p.Run, "a"), encode(done)); err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open})
	o := <-ended
	if o.err != nil {
		t.Fatal(o.err)
	}
	s.finished(o.status)
	if r.total("a") != 9 {
		t.Errorf("%d blocks were processed, 9 were left", r.total("a"))
	}
}

// The end of a life waits for its sweep.
func TestSweepEndsWithItsLife(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 10))
	s.generations(&p)
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	l := &life{t: tracker, log: s.log, board: newBoard(p, testPolicy()), epoch: 1}
	l.sweep.results = make(chan sweepResult, 1)
	if _, ok := l.board.tasks[0].next(); !ok {
		t.Fatal("nothing is ready")
	}
	l.startSweep(s.ctx(), time.Now())
	if !l.sweep.busy {
		t.Fatal("no sweep has begun")
	}
	l.close()
	if l.sweep.busy {
		t.Error("a sweep outlives its life")
	}
}
