package stream

import (
	"context"
	"errors"
	"testing"
	"time"

	"volara/geometry"
)

// An epoch is announced before its queue is made: a worker that joins in between must not stay away for long. The best
// of some tries counts, for the machine may have other things to do.
func TestWorkerComesBeforeTheQueue(t *testing.T) {
	s := newSite(t)
	best := time.Hour
	for _, run := range []string{"q", "r", "s", "t"} {
		p := chain(run, grid(t, 0, 1))
		s.generations(&p)
		best = min(best, s.delayBeforeQueue(p))
	}
	if best > rejoinMax/2 {
		t.Errorf("the worker came %v after there was work", best)
	}
}

// delayBeforeQueue returns how long after its publication a block is begun by a worker that came before the queue.
func (s *site) delayBeforeQueue(p Plan) time.Duration {
	ctx, js := context.Background(), s.jetStream()
	if _, err := openDone(ctx, js, p.Run); err != nil {
		s.Fatal(err)
	}
	state, err := OpenState(ctx, js, p.Run)
	if err != nil {
		s.Fatal(err)
	}
	record := runRecord{Version: protocolVersion, Epoch: 1, AckWait: time.Minute, Plan: p, Todo: []string{"a"}}
	if _, err := state.put(ctx, keyRun, encode(record), 0); err != nil {
		s.Fatal(err)
	}
	began := make(chan time.Time, 1)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error {
		began <- time.Now()
		return nil
	}
	defer s.work(p.Run, WorkerOptions{Open: r.open})()
	time.Sleep(30 * time.Millisecond) // the worker finds no queue
	if _, err := makeQueue(ctx, js, queue{run: p.Run, epoch: 1, tasks: []string{"a"}, ackWait: time.Minute}); err != nil {
		s.Fatal(err)
	}
	made := time.Now()
	w := work{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Blocks: Ranges{{0, 1}}}
	if err := js.Conn().Publish(workSubject(p.Run, w.Epoch, w.Task, w.Generation, 0), encode(w)); err != nil {
		s.Fatal(err)
	}
	select {
	case at := <-began:
		return at.Sub(made)
	case <-time.After(10 * time.Second):
		s.Fatal("the worker does not come")
		return 0
	}
}

// A slot that asks before the queue is made, while another has not asked yet, must not leave: the worker would be without
// it for as long as the other one finds work. Once all find the queue lost, all leave.
func TestSlotComesBeforeTheQueue(t *testing.T) {
	s := newSite(t)
	p := chain("q", grid(t, 0, 1))
	s.generations(&p)
	w, err := NewWorker(s.connect(), p.Run, WorkerOptions{Open: noop, Slots: 2, Logger: s.log})
	if err != nil {
		t.Fatal(err)
	}
	w.office = newOffice(w.nc, p.Run, w.opts)
	shift := newShift(w, runRecord{Version: protocolVersion, Epoch: 1, AckWait: time.Minute, Plan: p, Todo: []string{"a"}})
	shift.active.Store(2)
	pull := &puller{nc: w.nc}
	defer pull.close()
	got := make(chan bool, 1)
	take := func() { _, ok := shift.take(t.Context(), pull); got <- ok }
	go take()
	select {
	case <-got:
		t.Fatal("a slot left although another had not looked yet")
	case <-time.After(50 * time.Millisecond):
	}
	js := s.jetStream()
	if _, err := makeQueue(t.Context(), js, queue{run: p.Run, epoch: 1, tasks: []string{"a"}, ackWait: time.Minute}); err != nil {
		t.Fatal(err)
	}
	block := work{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Blocks: Ranges{{0, 1}}}
	if err := js.Conn().Publish(workSubject(p.Run, 1, "a", block.Generation, 0), encode(block)); err != nil {
		t.Fatal(err)
	}
	if !<-got || shift.active.Load() != 2 {
		t.Fatalf("no work was found, or %d slots are active", shift.active.Load())
	}
	if err := js.DeleteStream(t.Context(), workStream(p.Run, 1)); err != nil {
		t.Fatal(err)
	}
	shift.active.Add(-1) // the other one finds nothing
	if take(); <-got {
		t.Error("work was found in a queue that is gone")
	}
}

func TestStayingAwayGrows(t *testing.T) {
	var s served
	last := time.Duration(0)
	for range 20 {
		s = s.then(7, false)
		if s.delay() < last || s.delay() > rejoinMax {
			t.Errorf("away for %v after %v", s.delay(), last)
		}
		last = s.delay()
	}
	if last != rejoinMax || s.then(8, false).delay() != idleMin || s.then(7, true).delay() != rejoinMax {
		t.Errorf("away for %v, %v, %v", last, s.then(8, false).delay(), s.then(7, true).delay())
	}
}

// A worker does not wait for ever for a run that nobody has begun, but does so for one that somebody leads, who may be
// preparing it.
func TestWorkerGivesUpARunThatIsNotThere(t *testing.T) {
	s := newSite(t)
	await := func(ctx context.Context) error {
		w, err := NewWorker(s.connect(), "r", WorkerOptions{Open: noop, UntilDone: true, JoinLimit: 100 * time.Millisecond, Logger: s.log})
		if err != nil {
			t.Fatal(err)
		}
		return w.Run(ctx)
	}
	if err := await(t.Context()); !errors.Is(err, ErrNoRun) {
		t.Errorf("without a run: %v", err)
	}
	lease, err := TakeLease(t.Context(), s.jetStream(), "r", LeaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := await(ctx); err != nil {
		t.Errorf("while it is prepared: %v", err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
