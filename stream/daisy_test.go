package stream

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"volara/geometry"
)

// The golden files of testdata/daisy hold what daisy makes of tasks; make.py there wrote them.

// daisyTask is a task as daisy describes it.
type daisyTask struct {
	Name   string
	Total  geometry.Roi
	Block  geometry.Coordinate
	Low    geometry.Coordinate `json:"context_low"`
	High   geometry.Coordinate `json:"context_high"`
	Fit    geometry.Fit
	Levels int64
	Blocks []daisyBlock // level by level
	Region geometry.Roi
	// Selected are the blocks that daisy finds in Region.
	Selected     []int
	Failed, Done []geometry.Roi // write ROIs
	Orphaned     int64
}

type daisyBlock struct {
	Write, Read geometry.Roi
	After       []int // blocks, by their place in Blocks, that it waits for
}

func (d daisyTask) String() string {
	return fmt.Sprintf("%v in %v with %v, %v, %s", d.Total, d.Block, d.Low, d.High, d.Fit)
}

func (d daisyTask) task(t testing.TB) Task {
	g, err := geometry.NewGrid(d.Total, d.Block, d.Low, d.High, d.Fit)
	if err != nil {
		t.Fatal(err)
	}
	return Task{Name: d.Name, Generation: "G" + d.Name, Grid: g, Select: g.All(), Conflict: true}
}

// index returns the block that begins to write where a ROI begins.
func (d daisyTask) index(g geometry.Grid, write geometry.Roi) int64 {
	return g.Index(write.Offset.Sub(d.Total.Offset).Div(d.Block))
}

func readGolden[T any](t *testing.T, name string) (cases []T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "daisy", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 50 {
		t.Fatalf("%s has %d cases", name, len(cases))
	}
	return cases
}

func sameBox(a, b geometry.Roi) bool { return a.Offset.Equal(b.Offset) && a.Shape.Equal(b.Shape) }

// Blocks, levels and their order are daisy's: a block waits for all that daisy makes it wait for, and for nobody that
// daisy would not have done by then.
func TestLevelsAreDaisys(t *testing.T) {
	for _, c := range readGolden[daisyTask](t, "levels.json") {
		t.Run(c.String(), func(t *testing.T) {
			g := c.task(t).Grid
			if g.Len() != int64(len(c.Blocks)) || g.Levels().Prod() != c.Levels {
				t.Fatalf("%d blocks of %v levels, daisy %d of %d", g.Len(), g.Levels(), len(c.Blocks), c.Levels)
			}
			ancestors := make([]map[int64]bool, len(c.Blocks))
			last := int64(0)
			for i, b := range c.Blocks {
				own := g.At(c.index(g, b.Write))
				if !sameBox(own.WriteROI, b.Write) || !sameBox(own.ReadROI, b.Read) {
					t.Fatalf("%v writes %v and reads %v", b, own.WriteROI, own.ReadROI)
				}
				if level := g.Level(own.Position); level < last {
					t.Fatalf("%v is of level %d and comes after level %d", own, level, last)
				} else {
					last = level
				}
				ancestors[i] = map[int64]bool{}
				waits := map[int64]bool{}
				each(g.Conflicts(own.Position), Task{Grid: g}, func(j int64) {
					if g.Level(g.Position(j)) < last {
						waits[j] = true
					}
				})
				for _, up := range b.After {
					j := c.index(g, c.Blocks[up].Write)
					if !waits[j] {
						t.Errorf("%v does not wait for %v", own, c.Blocks[up].Write)
					}
					ancestors[i][j] = true
					maps.Copy(ancestors[i], ancestors[up])
				}
				for j := range waits {
					if !ancestors[i][j] {
						t.Errorf("%v waits for %v; in daisy it does not", own, g.At(j))
					}
				}
			}
		})
	}
}

// A part of a task's region selects the blocks that daisy selects.
func TestRegionsAreDaisys(t *testing.T) {
	for _, c := range readGolden[daisyTask](t, "levels.json") {
		g := c.task(t).Grid
		want := map[int64]bool{}
		for _, i := range c.Selected {
			want[c.index(g, c.Blocks[i].Write)] = true
		}
		got := map[int64]bool{}
		each(g.Writers(c.Region.Intersect(c.Total)), Task{Grid: g}, func(i int64) { got[i] = true })
		if !maps.Equal(got, want) {
			t.Errorf("%v of %v: %v, daisy %v", c.Region, c, got, want)
		}
	}
}

// With as many workers as there are blocks, all of which take the same time, the board starts each block in the round
// in which daisy would.
func TestRoundsAreDaisys(t *testing.T) {
	for _, c := range readGolden[daisyTask](t, "levels.json") {
		task := c.task(t)
		want := map[int64]int{}
		round := make([]int, len(c.Blocks))
		for i, b := range c.Blocks {
			for _, up := range b.After {
				round[i] = max(round[i], round[up]+1)
			}
			want[c.index(task.Grid, b.Write)] = round[i]
		}
		b := newBoard(Plan{Run: "r", Tasks: []Task{task}}, testPolicy())
		got := map[int64]int{}
		for n := 0; !b.drained(); n++ {
			inWork := takeAll(b.tasks[0])
			for _, w := range inWork {
				for _, block := range blocksOf(task, w.Blocks) {
					got[block.Index] = n
				}
				foldAll(t, b, completion{Done: w.Blocks}, w)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%v: rounds %v, daisy %v", c, got, want)
		}
	}
}

func takeAll(t *taskBoard) (all []work) {
	for w, ok := t.next(); ok; w, ok = t.next() {
		all = append(all, w)
	}
	return all
}

func foldAll(t *testing.T, b *board, c completion, w work) {
	t.Helper()
	c.Task, c.Generation, c.Epoch, c.Attempt, c.Message = w.Task, w.Generation, w.Epoch, w.Attempt, w.Blocks[0].First()
	if _, err := b.fold(c, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// When blocks fail, the same others are never run as in daisy.
func TestOrphansAreDaisys(t *testing.T) {
	for _, c := range readGolden[daisyTask](t, "failures.json") {
		task := c.task(t)
		fail := map[int64]bool{}
		for _, w := range c.Failed {
			fail[c.index(task.Grid, w)] = true
		}
		b := newBoard(Plan{Run: "r", Tasks: []Task{task}}, testPolicy())
		board := b.tasks[0]
		for !b.drained() {
			for _, w := range takeAll(board) {
				var result completion
				for _, block := range blocksOf(task, w.Blocks) {
					if fail[block.Index] {
						result.Failed = append(result.Failed, fails{Block: block.Index, Error: "no"})
					} else {
						result.Done = result.Done.Append(block.Index)
					}
				}
				foldAll(t, b, result, w)
			}
		}
		for _, w := range c.Done {
			if !board.done.Get(c.index(task.Grid, w)) {
				t.Errorf("%v: %v is not done", c, w)
			}
		}
		orphaned := board.total - board.nDone - board.nFailed
		if board.nDone != int64(len(c.Done)) || board.nFailed != int64(len(c.Failed)) || orphaned != c.Orphaned {
			t.Errorf("%v: %d done, %d failed, %d orphaned; daisy %d, %d, %d", c, board.nDone, board.nFailed, orphaned,
				len(c.Done), len(c.Failed), c.Orphaned)
		}
	}
}

// A block downstream waits for the blocks upstream that daisy makes it wait for, whatever the tasks' fits.
func TestReadersAreDaisys(t *testing.T) {
	type block struct {
		Write geometry.Roi
		After []geometry.Roi
	}
	type chain struct {
		Up, Down daisyTask
		Blocks   []block
	}
	for _, c := range readGolden[chain](t, "readers.json") {
		up, down := c.Up.task(t), c.Down.task(t)
		up.Conflict, down.Conflict = false, false
		down.Upstream = []Dependency{{Task: up.Name}}
		if down.Grid.Len() != int64(len(c.Blocks)) {
			t.Fatalf("%v: %d blocks, daisy %d", c.Down, down.Grid.Len(), len(c.Blocks))
		}
		for _, b := range c.Blocks {
			var want []int64
			index := c.Down.index(down.Grid, b.Write)
			for _, w := range b.After {
				want = append(want, c.Up.index(up.Grid, w))
			}
			if read := down.Grid.At(index).ReadROI; !read.Meets(c.Up.Total) {
				// Of a block that reads nothing in the upstream region daisy goes by rounding: it may wait for a shrunk
				// block that ends before, and not for an overhanging one. Ours waits for who writes what it reads.
				want = nil
				each(up.Grid.Writers(read), up, func(i int64) { want = append(want, i) })
			}
			slices.Sort(want)
			if got := waited(up, down, index); !slices.Equal(got, want) {
				t.Errorf("%v after %v: %v waits for %v, daisy %v", c.Down, c.Up, b.Write, got, want)
			}
		}
	}
}

// waited asks a board which blocks upstream must be done for one downstream to be ready: those without which it is not.
func waited(up, down Task, block int64) (waits []int64) {
	b := newBoard(Plan{Run: "r", Tasks: []Task{up, down}}, testPolicy())
	at := b.tasks[1].position(block)
	for i := range up.Grid.Len() {
		b.tasks[0].done.Set(i)
	}
	for i := range up.Grid.Len() {
		b.tasks[0].done.Clear(i)
		if !b.tasks[1].satisfied(&at) {
			waits = append(waits, i)
		}
		b.tasks[0].done.Set(i)
	}
	return waits
}
