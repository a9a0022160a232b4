package stream

import (
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

// drawSkip returns nothing, or a random part of a grid's blocks.
func drawSkip(t *rapid.T, g geometry.Grid, name string) *Bitmap {
	if !rapid.Bool().Draw(t, name+" skips") {
		return nil
	}
	share := rapid.SampledFrom([]float64{0, 0.1, 0.5, 1}).Draw(t, name+" share")
	s := NewBitmap(g.Len())
	for i := range g.Len() {
		if share == 1 || share > 0 && rapid.Float64Range(0, 1).Draw(t, name+" cell") < share {
			s.Set(i)
		}
	}
	return s
}

// What a run skips, a later one without the mask does, and nothing twice.
func TestSkippedBlocksAreDoneLater(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		first := newSimulation(rt, p)
		for !first.b.drained() {
			first.step()
		}
		first.check()
		all := p
		all.Tasks = append([]Task{}, p.Tasks...)
		for k := range all.Tasks {
			all.Tasks[k].Skip = nil
		}
		second := newSimulation(rt, all)
		second.ref.done, second.ref.masked = first.ref.done, first.ref.masked
		for k, t := range second.b.tasks {
			t.setDone(first.b.tasks[k].done)
			t.masked = first.b.tasks[k].masked
			t.countMasked()
		}
		for !second.b.drained() {
			second.step()
		}
		second.check()
	})
}

// A mask that comes after blocks are done leaves them done and counts only what it does not cover.
func TestSkipCountsAgainstReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		task := drawPlan(rt).Tasks[0]
		b := newTaskBoard(task)
		done := NewBitmap(task.Grid.Len())
		for i := range done.Len() {
			if rapid.Bool().Draw(rt, "done") {
				done.Set(i)
			}
			if rapid.Bool().Draw(rt, "masked") {
				b.masked.Set(i)
			}
		}
		b.setDone(done)
		b.countMasked()
		var total, nDone, nMasked int64
		each(task.Select, task, func(i int64) {
			total++
			if done.Get(i) {
				nDone++
			}
			if done.Get(i) && b.masked.Get(i) {
				nMasked++
			}
		})
		if b.total != total || task.Wanted() != total || b.nDone != nDone || b.nMasked != nMasked || b.nLeftOut != task.Select.Size()-total {
			rt.Errorf("total %d, done %d, masked %d, left out %d; reference %d, %d, %d", b.total, b.nDone, b.nMasked, b.nLeftOut,
				total, nDone, nMasked)
		}
		row := rapid.Int64Range(0, max(0, task.Grid.Len()-1)).Draw(rt, "row")
		n := rapid.Int64Range(0, task.Grid.Len()-row).Draw(rt, "length")
		want := true
		for i := row; i < row+n; i++ {
			want = want && (done.Get(i) || b.skipped(i))
		}
		if b.settled(row, n) != want {
			rt.Errorf("settled(%d, %d) is not %v", row, n, want)
		}
	})
}

func TestCountBoth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const n = 2*PageBits + 100
		a, b := NewBitmap(n), NewBitmap(n)
		for _, s := range []*Bitmap{a, b} {
			from := rapid.Int64Range(0, n-1).Draw(rt, "from")
			to := rapid.Int64Range(from, n).Draw(rt, "to")
			step := rapid.Int64Range(1, 70).Draw(rt, "step")
			for i := from; i < to; i += step {
				s.Set(i)
			}
		}
		from := rapid.Int64Range(0, n-1).Draw(rt, "begin")
		count := rapid.Int64Range(0, n-from).Draw(rt, "count")
		want := int64(0)
		for i := from; i < from+count; i++ {
			if a.Get(i) && b.Get(i) {
				want++
			}
		}
		if got := countBoth(a, b, from, count); got != want {
			rt.Errorf("%d, not %d", got, want)
		}
	})
}

// Of chains with skip masks, and with conflicts or with blocks that fail, the same blocks are run as in daisy 2.
func TestSkipsAreDaisys(t *testing.T) {
	type skipping struct {
		daisyTask
		Conflict bool
		Counts   geometry.Coordinate
		Cells    []int
	}
	for _, c := range readGolden[struct{ Up, Down skipping }](t, "skips.json") {
		p, fail := Plan{Run: "r"}, map[string]map[int64]bool{}
		for _, d := range []skipping{c.Up, c.Down} {
			task := d.task(t)
			if !task.Grid.Counts().Equal(d.Counts) {
				t.Fatalf("%v: %v blocks, daisy %v", d, task.Grid.Counts(), d.Counts)
			}
			task.Conflict, task.Skip, fail[task.Name] = d.Conflict, NewBitmap(task.Grid.Len()), map[int64]bool{}
			for i, cell := range d.Cells {
				if cell != 0 {
					task.Skip.Set(int64(i))
				}
			}
			for _, w := range d.Failed {
				fail[task.Name][d.index(task.Grid, w)] = true
			}
			p.Tasks = append(p.Tasks, task)
		}
		p.Tasks[1].Upstream = []Dependency{{Task: "up"}}
		b := newBoard(p, testPolicy())
		for !b.drained() {
			for _, task := range b.tasks {
				for _, w := range takeAll(task) {
					var result completion
					for _, block := range blocksOf(task.Task, w.Blocks) {
						if fail[task.Name][block.Index] {
							result.Failed = append(result.Failed, fails{Block: block.Index, Error: "no", Permanent: true})
						} else {
							result.Done = result.Done.Append(block.Index)
						}
					}
					foldAll(t, b, result, w)
				}
			}
		}
		for k, d := range []skipping{c.Up, c.Down} {
			board := b.tasks[k]
			for _, w := range d.Done {
				if !board.done.Get(d.index(board.Grid, w)) {
					t.Errorf("%v: %v is not done", d, w)
				}
			}
			if board.nDone != int64(len(d.Done)) || board.nFailed != int64(len(d.Failed)) || board.done.Count() != board.nDone {
				t.Errorf("%v: %d done and %d failed, daisy %d and %d", d, board.nDone, board.nFailed, len(d.Done), len(d.Failed))
			}
		}
	}
}
