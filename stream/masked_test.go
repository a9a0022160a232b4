package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"volara/geometry"
)

// Blocks that their processor finds masked are done, are told once and as what they are, and stay known as masked by
// whoever goes on with the run: after a stop in the middle, and when nothing is left to do.
func TestMaskedBlocks(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 12, 13)
	p := chain("r", g, g)
	s.generations(&p)
	r := newRecorder()
	r.masked = func(task string, block int64) bool { return block%3 == 0 }
	ctx, cancel := context.WithCancel(s.ctx())
	var done atomic.Int64
	r.process = func(context.Context, string, geometry.Block) error {
		if done.Add(1) == 100 {
			cancel()
		}
		return nil
	}
	stop := s.work(p.Run, WorkerOptions{Open: r.open})
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	status, err := tracker.Run(ctx)
	if err != nil || status.State != StateStopped {
		t.Fatalf("%s, %v", status.State, err)
	}
	var before int64
	for _, task := range status.Tasks {
		before += task.Masked
	}
	if before == 0 || before >= 104 {
		t.Errorf("%d blocks are masked half way", before)
	}
	s.finished(s.run(p, s.options()))
	stop()
	s.server.Close()
	s.start()
	again := s.run(p, s.options())
	s.finished(again)
	for _, task := range again.Tasks {
		if task.Masked != 52 || task.Skipped != 156 {
			t.Errorf("%s: %d masked, %d skipped", task.Name, task.Masked, task.Skipped)
		}
		if n := r.total(task.Name); n != 156 {
			t.Errorf("%s was processed %d times", task.Name, n)
		}
	}
	told := map[string]int64{}
	err = ReadEvents(s.ctx(), s.options().Dir, false, func(e Event) error {
		told[e.Kind] += e.Blocks.Count()
		if e.Kind == EventRunDone {
			told["masked at the end"] = e.Masked
		}
		for _, r := range e.Blocks {
			for i := r.First(); i < r.End(); i++ {
				if e.done() && (i%3 == 0) != (e.Kind == EventBlockMasked) {
					t.Errorf("block %d was told as %s", i, e.Kind)
				}
			}
		}
		return nil
	})
	if err != nil || told[EventBlockMasked] != 104 || told[EventBlockDone] != 208 || told["masked at the end"] != 104 {
		t.Errorf("told %v, %v", told, err)
	}
	if _, done := s.told(p.Run); done["a"] != 156 || done["b"] != 156 {
		t.Errorf("told done: %v", done)
	}
}

// A new generation forgets what was masked in the one before.
func TestMaskedBlocksAreForgotten(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 40))
	s.generations(&p)
	r := newRecorder()
	r.masked = func(string, int64) bool { return true }
	s.work(p.Run, WorkerOptions{Open: r.open})
	if n := s.run(p, s.options()).Tasks[0].Masked; n != 40 {
		t.Fatalf("%d masked", n)
	}
	state, err := OpenState(s.ctx(), s.jetStream(), p.Run)
	if err != nil {
		t.Fatal(err)
	}
	g, err := state.Begin(s.ctx(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Tasks[0].Generation, r.masked = g.ID, nil
	if n := s.run(p, s.options()).Tasks[0].Masked; n != 0 {
		t.Errorf("%d masked in a new generation", n)
	}
}

// A message of blocks that were put together when blocks were fast is given back when one turns out slow.
func TestLongMessageIsGivenBack(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 400))
	s.generations(&p)
	r := newRecorder()
	slow := newGate(longMessage)
	r.masked = func(_ string, block int64) bool { return block < 390 }
	r.process = func(_ context.Context, _ string, b geometry.Block) error {
		if b.Index >= 390 {
			slow.wait()
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, Slots: 4})
	status := s.run(p, s.options())
	s.finished(status)
	if slow.most.Load() < 2 {
		t.Error("slow blocks of one message were done one after the other while slots were idle")
	}
	if n := r.total("a"); n != 400 {
		t.Errorf("%d blocks were processed", n)
	}
}

// A gate holds whoever waits at it for a while, and knows how many were there at once.
type gate struct {
	hold      time.Duration
	now, most atomic.Int64
}

func newGate(hold time.Duration) *gate { return &gate{hold: hold} }

func (g *gate) wait() {
	n := g.now.Add(1)
	for {
		most := g.most.Load()
		if n <= most || g.most.CompareAndSwap(most, n) {
			break
		}
	}
	time.Sleep(g.hold)
	g.now.Add(-1)
}
