package stream

import (
	"testing"
	"time"

	"volara/geometry"
)

// reopen reopens boxes of a plan as a command does.
func (s *site) reopen(p Plan, boxes map[string]geometry.Roi) map[string]int64 {
	s.Helper()
	counts, err := s.reopener(p).Reopen(s.ctx(), boxes)
	if err != nil {
		s.Fatal(err)
	}
	return counts
}

// reopener returns a tracker that holds the lease.
func (s *site) reopener(p Plan) *Tracker {
	s.Helper()
	lease, err := TakeLease(s.ctx(), s.jetStream(), p.Run, LeaseOptions{Exclusive: true, Logger: s.log})
	if err != nil {
		s.Fatal(err)
	}
	opts := s.options()
	opts.Lease, opts.KeepFailures = lease, true
	t, err := NewTracker(s.connect(), p, opts)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := lease.Release(s.ctx()); err != nil {
			s.Error(err)
		}
	})
	return t
}

// balance counts how often people were told that blocks of a task are done, less how often reopened.
func (s *site) balance(run, task string) (told, reopened int64) {
	s.Helper()
	if err := Events(s.ctx(), s.jetStream(), run, false, func(e Event) error {
		switch {
		case e.Task != task:
		case e.done():
			told += e.Blocks.Count()
		case e.Kind == EventBlockReopened:
			reopened += e.Blocks.Count()
		}
		return nil
	}); err != nil {
		s.Fatal(err)
	}
	return told, reopened
}

func TestReopen(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 6, 6), grid(t, 1, 6, 6))
	s.generations(&p)
	r := newRecorder()
	stop := s.work(p.Run, WorkerOptions{Open: r.open})
	s.finished(s.run(p, s.options()))
	box := geometry.NewRoi(geometry.Coordinate{1, 2}, geometry.Coordinate{2, 3})
	if counts := s.reopen(p, map[string]geometry.Roi{"a": box}); len(counts) != 1 || counts["a"] != 6 {
		t.Errorf("reopened %v", counts)
	}
	if counts := s.reopen(p, map[string]geometry.Roi{"a": box}); len(counts) != 0 {
		t.Errorf("reopened once more: %v", counts)
	}
	if status, err := ReadStatus(s.options().Dir); err != nil || status.State != StateStopped || status.Tasks[0].Done != 30 {
		t.Errorf("%+v, %v", status, err)
	}
	status := s.run(p, s.options())
	stop()
	s.finished(status)
	if status.Tasks[0].Skipped != 30 || r.total("a") != 42 || r.total("b") != 36 {
		t.Errorf("%+v; %d and %d blocks were processed", status.Tasks, r.total("a"), r.total("b"))
	}
	for i := range p.Tasks[0].Grid.Len() {
		want := 1
		if box.ContainsPoint(p.Tasks[0].Grid.Position(i)) {
			want = 2
		}
		if n := r.count["a"][i]; n != want {
			t.Errorf("block %d was processed %d times", i, n)
		}
	}
	if told, reopened := s.balance("r", "a"); told != 42 || reopened != 6 {
		t.Errorf("told done %d, reopened %d", told, reopened)
	}
}

// What a worker of an earlier epoch reports after its block was reopened counts for nothing; what one of the next
// reports does.
func TestLateCompletionsOfReopenedBlocks(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 5))
	s.generations(&p)
	stop := s.work(p.Run, WorkerOptions{Open: noop})
	s.finished(s.run(p, s.options()))
	s.reopen(p, map[string]geometry.Roi{"a": p.Tasks[0].Grid.All()})
	js := s.jetStream()
	late := completion{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Worker: "zombie", Done: Ranges{{0, 5}}}
	if _, err := js.Publish(s.ctx(), doneSubject("r", "a"), encode(late)); err != nil {
		t.Fatal(err)
	}
	status := s.run(p, s.options())
	stop()
	s.finished(status)
	if status.Tasks[0].Skipped != 0 {
		t.Errorf("a zombie's blocks counted: %+v", status.Tasks[0])
	}
	if told, reopened := s.balance("r", "a"); told != 10 || reopened != 5 {
		t.Errorf("told done %d, reopened %d", told, reopened)
	}
}

// What was reported before and not yet recorded is recorded first: it is told once, and reopened like the rest.
func TestReopenFoldsFirst(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 5), grid(t, 0, 5))
	s.generations(&p)
	state, err := OpenState(s.ctx(), s.jetStream(), "r")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.put(s.ctx(), keyRun, encode(runRecord{Version: protocolVersion, Epoch: 7, Ended: true, AckWait: time.Second}), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := openDone(s.ctx(), s.jetStream(), "r"); err != nil {
		t.Fatal(err)
	}
	for _, task := range p.Tasks {
		c := completion{Task: task.Name, Generation: task.Generation, Epoch: 7, Attempt: 1, Done: Ranges{{0, 4}}}
		if _, err := s.jetStream().Publish(s.ctx(), doneSubject("r", task.Name), encode(c)); err != nil {
			t.Fatal(err)
		}
	}
	box := geometry.NewRoi(geometry.Coordinate{3}, geometry.Coordinate{2})
	if counts := s.reopen(p, map[string]geometry.Roi{"a": box}); counts["a"] != 1 {
		t.Errorf("reopened %v", counts)
	}
	stop := s.work(p.Run, WorkerOptions{Open: noop})
	status := s.run(p, s.options())
	stop()
	s.finished(status)
	if status.Tasks[0].Skipped != 3 || status.Tasks[1].Skipped != 4 {
		t.Errorf("%+v", status.Tasks)
	}
	for task, want := range map[string][2]int64{"a": {6, 1}, "b": {5, 0}} {
		if told, reopened := s.balance("r", task); told != want[0] || reopened != want[1] {
			t.Errorf("%s: told done %d, reopened %d", task, told, reopened)
		}
	}
}

// Whoever reopens may die at any step: the next tracker finishes what was told, and the counts stay exact.
func TestReopenIsInterrupted(t *testing.T) {
	for _, redone := range []bool{false, true} {
		s := newSite(t)
		p := chain("r", grid(t, 0, 9))
		s.generations(&p)
		stop := s.work(p.Run, WorkerOptions{Open: noop})
		s.finished(s.run(p, s.options()))
		tell := func(e Event) {
			t.Helper()
			e.Version, e.Run, e.Task, e.Generation, e.Time = EventVersion, "r", "a", p.Tasks[0].Generation, time.Now().UTC()
			if _, err := s.jetStream().Publish(s.ctx(), eventSubject("r"), append(encode(e), '\n')); err != nil {
				t.Fatal(err)
			}
		}
		tell(Event{Kind: EventBlockReopened, Blocks: Ranges{{2, 3}}}) // and dies
		want := int64(6)
		if redone { // block 3 was done and told again, with its bit as it was
			tell(Event{Kind: EventBlockDone, Blocks: Ranges{{3, 1}}})
			want = 7
		} else {
			s.reopen(p, map[string]geometry.Roi{"a": geometry.NewRoi(geometry.Coordinate{2}, geometry.Coordinate{3})})
		}
		status := s.run(p, s.options())
		stop()
		s.finished(status)
		if status.Tasks[0].Skipped != want {
			t.Errorf("%+v", status.Tasks[0])
		}
		told, reopened := s.balance("r", "a")
		if told-reopened != 9 || reopened != 3 || told != 12 {
			t.Errorf("told done %d, reopened %d", told, reopened)
		}
	}
}
