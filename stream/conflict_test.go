package stream

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

// noConflict demands that none of a message's blocks reads what a block in work writes or writes what it reads, nor
// another one of the message, nor is in work itself; asked of the ROIs, for every pair.
func (s *simulation) noConflict(w work) {
	t := s.ref.plan.Tasks[s.ref.task(w.Task)]
	if !t.Conflict {
		return
	}
	var before []geometry.Block
	for _, other := range slices.Concat(s.inWork, s.hung) {
		if other.Task == w.Task {
			before = append(before, blocksOf(t, other.Blocks)...)
		}
	}
	for _, b := range blocksOf(t, w.Blocks) {
		for _, o := range before {
			if b.Index == o.Index || b.ReadROI.Meets(o.WriteROI) || o.ReadROI.Meets(b.WriteROI) {
				s.Fatalf("%s: blocks %v and %v are in work at once", t.Name, b, o)
			}
		}
		before = append(before, b)
	}
}

func blocksOf(t Task, ranges Ranges) []geometry.Block {
	var blocks []geometry.Block
	for _, r := range ranges {
		for i := r.First(); i < r.End(); i++ {
			blocks = append(blocks, t.Grid.At(i))
		}
	}
	return blocks
}

// believed returns the blocks that a completion makes done: those of a task with conflicts only if nobody else has them
// in work.
func (s *simulation) believed(ranges Ranges, c completion) Ranges {
	if s.b.byName[c.Task].levels == nil {
		return ranges
	}
	var believed Ranges
	for _, r := range ranges {
		for i := r.First(); i < r.End(); i++ {
			elsewhere := slices.ContainsFunc(slices.Concat(s.inWork, s.vanished, s.hung), func(w work) bool {
				return w.Task == c.Task && w.Epoch == s.b.epoch && slices.ContainsFunc(w.Blocks, func(r Range) bool { return r.First() <= i && i < r.End() })
			})
			if !elsewhere {
				believed = believed.Append(i)
			}
		}
	}
	return believed
}

// Whatever happens to workers and messages, and however often the tracker begins anew, blocks of a task that conflict
// are never at work at once, they go level by level, and every block ends.
func TestConflictingBlocksAreNeverAtWorkAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		for k := range p.Tasks {
			p.Tasks[k].Conflict = true
		}
		s := newSimulation(rt, p)
		s.hostile = rapid.Float64Range(0, 0.9).Draw(rt, "hostile")
		steps := 0
		for restart := rapid.IntRange(0, 30).Draw(rt, "restart"); !s.b.drained(); steps++ {
			if s.step(); steps == restart {
				s.restart()
			}
		}
		s.check()
	})
}

// restart begins another epoch from what is stored. What is in work goes on for a while; until that is over, nothing
// may be published.
func (s *simulation) restart() {
	old := s.b
	s.b = newBoard(s.ref.plan, testPolicy())
	s.b.epoch = old.epoch + 1
	for k, t := range s.b.tasks {
		t.setDone(old.tasks[k].done)
		t.masked = old.tasks[k].masked
		t.countMasked()
		for page := range t.done.Pages() {
			if data := old.tasks[k].encodeTroubles(page); t.decodeTroubles(data) != nil {
				s.Fatalf("troubles %s", data)
			}
		}
	}
	s.vanished = nil
	s.b.hold(true)
	for _, t := range s.b.tasks {
		if w, ok := t.next(); ok && t.levels != nil {
			s.Fatalf("%v is published while an epoch's workers may live", w)
		} else if ok {
			s.take(w)
		}
	}
	if s.b.drained() && s.rng.IntN(2) == 0 {
		return
	}
	for len(s.inWork) > 0 {
		s.finish()
	}
	s.hung = nil
	s.b.hold(false)
}

// A block that is opened again waits until the neighbours are done that were let go because it had been, and is not
// forgotten.
func TestReopenedBlockWaitsForNeighbours(t *testing.T) {
	g, err := geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{0}, geometry.Coordinate{4}), geometry.Coordinate{1},
		geometry.Coordinate{1}, geometry.Coordinate{1}, geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	b := newBoard(Plan{Run: "r", Tasks: []Task{{Name: "t", Generation: "G", Grid: g, Select: g.All(), Conflict: true}}}, testPolicy())
	task := b.tasks[0]
	for _, first := range takeAll(task) {
		foldAll(t, b, completion{Done: first.Blocks}, first)
	}
	second := takeAll(task) // blocks 0 and 2, of level 1
	if len(second) == 0 {
		t.Fatal("nothing is ready after level 0")
	}
	task.done.Clear(1)
	task.nDone--
	task.offer(1)
	if w, ok := task.next(); ok {
		t.Fatalf("%v is published beside %v", w.Blocks, second)
	}
	for _, w := range second {
		foldAll(t, b, completion{Done: w.Blocks}, w)
	}
	if w, ok := task.next(); !ok || w.Blocks.Count() != 1 || w.Blocks[0].First() != 1 {
		t.Fatalf("%v, %v instead of the block that was opened again", w.Blocks, ok)
	}
}
