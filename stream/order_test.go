package stream

import (
	"container/list"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"volara/geometry"
)

// drawTile returns no tile, or one of up to a bit more than the grid.
func drawTile(t *rapid.T, g geometry.Grid, name string) geometry.Coordinate {
	if rapid.Bool().Draw(t, name+" in order of indices") {
		return nil
	}
	tile := make(geometry.Coordinate, g.Dims())
	for d, n := range g.Counts() {
		tile[d] = rapid.IntRange(1, n+2).Draw(t, name+" tile")
	}
	return tile
}

// slowOrder returns the selected blocks of a task, sorted tile by tile.
func slowOrder(task Task) []int64 {
	g, tile := task.Grid, task.Tile
	if tile == nil {
		tile = g.Counts()
	}
	var order []int64
	corners := geometry.FromCorners(geometry.Fill(g.Dims(), 0), g.Counts().CeilDiv(tile))
	tiles, err := geometry.NewGrid(corners, geometry.Fill(g.Dims(), 1), geometry.Fill(g.Dims(), 0), geometry.Fill(g.Dims(), 0), geometry.FitValid)
	if err != nil {
		panic(err)
	}
	for i := range tiles.Len() {
		corner := tiles.Position(i).Mul(tile)
		each(geometry.NewRoi(corner, tile).Intersect(task.Select), task, func(i int64) { order = append(order, i) })
	}
	return order
}

// The blocks of a task that nothing holds up are handed out tile by tile, each once, and those that come back too.
func TestTileOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGrid(t, rapid.IntRange(1, 4).Draw(t, "dims"), "grid")
		task := Task{Name: "t", Generation: "G", Grid: g, Select: drawSelect(t, g, "t"), Tile: drawTile(t, g, "t")}
		if task.Select.Empty() {
			return
		}
		board := newBoard(Plan{Run: "r", Tasks: []Task{task}}, testPolicy())
		b := board.tasks[0]
		var got []int64
		for {
			w, ok := b.next()
			if !ok {
				break
			}
			for _, r := range w.Blocks {
				for i := r.First(); i < r.End(); i++ {
					got = append(got, i)
				}
			}
		}
		want := slowOrder(task)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("grid %v, selected %v, tile %v:\n%v, want\n%v", g.Counts(), task.Select, task.Tile, got, want)
		}
		b.lost(time.Time{})
		for _, i := range want {
			if at, ok := b.ready.First(); !ok || at != i {
				t.Fatalf("after all were lost, %d comes instead of %d", at, i)
			}
			b.ready.Clear(i)
		}
	})
}

// A rank and an index are each other's inverse, and the set agrees with a map.
func TestReadySet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGrid(t, rapid.IntRange(1, 4).Draw(t, "dims"), "grid")
		if g.Len() == 0 {
			return
		}
		s := newReadySet(Task{Grid: g, Tile: drawTile(t, g, "t")})
		want := map[int64]bool{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			i := rapid.Int64Range(0, g.Len()-1).Draw(t, "block")
			switch set := rapid.Bool().Draw(t, "set"); {
			case set && s.Set(i) == want[i], !set && s.Clear(i) != want[i]:
				t.Fatalf("block %d was there: %v", i, want[i])
			case set:
				want[i] = true
			default:
				delete(want, i)
			}
			if s.Get(i) != want[i] || s.Count() != int64(len(want)) {
				t.Fatalf("block %d: %v of %d", i, s.Get(i), s.Count())
			}
			first, ok := s.First()
			if ok != (len(want) > 0) || ok && !want[first] {
				t.Fatalf("first is %d of %v", first, want)
			}
			for j := range want {
				if s.rank(j) < s.rank(first) {
					t.Fatalf("%d comes before %d", j, first)
				}
			}
		}
	})
}

// A fakeCache counts what a cache of decoded chunks would do that forgets what was not used for longest.
type fakeCache struct {
	limit, used  int64
	entries      map[[4]int]*list.Element
	recent       list.List
	hits, misses int64
	decoded      int64
}

type fakeChunk struct {
	key  [4]int
	size int64
}

func (c *fakeCache) read(key [4]int, size int64) {
	if e, ok := c.entries[key]; ok {
		c.recent.MoveToFront(e)
		c.hits++
		return
	}
	c.misses++
	c.decoded += size
	c.entries[key] = c.recent.PushFront(fakeChunk{key, size})
	for c.used += size; c.used > c.limit; {
		old := c.recent.Remove(c.recent.Back()).(fakeChunk)
		delete(c.entries, old.key)
		c.used -= old.size
	}
}

// A fakeArray is what the simulated tasks read.
type fakeArray struct {
	number, chunk, item int
}

// read touches the chunks of a region and returns the bytes used.
func (a fakeArray) read(c *fakeCache, roi, all geometry.Roi) int64 {
	roi = roi.Intersect(all)
	lo, hi := roi.Offset.Div(geometry.Fill(3, a.chunk)), roi.End().CeilDiv(geometry.Fill(3, a.chunk))
	for z := lo[0]; z < hi[0]; z++ {
		for y := lo[1]; y < hi[1]; y++ {
			for x := lo[2]; x < hi[2]; x++ {
				c.read([4]int{a.number, z, y, x}, int64(a.chunk*a.chunk*a.chunk*a.item))
			}
		}
	}
	return roi.Shape.Prod() * int64(a.item)
}

// segmentation is the part of a segmentation that reads much: affinities to fragments, both to edges.
func segmentation(b testing.TB, blocks, block, context int, tile geometry.Coordinate) Plan {
	total := geometry.NewRoi(geometry.Fill(3, 0), geometry.Fill(3, blocks*block))
	g, err := geometry.NewGrid(total, geometry.Fill(3, block), geometry.Fill(3, context), geometry.Fill(3, context), geometry.FitShrink)
	if err != nil {
		b.Fatal(err)
	}
	p := chain("r", g, g)
	for i := range p.Tasks {
		p.Tasks[i].Tile = tile
	}
	return p
}

// walkThrough runs a plan of two tasks on the board with some slots, and calls read when a block's work begins.
func walkThrough(b testing.TB, p Plan, slots int, read func(task int, block geometry.Block)) {
	policy := testPolicy()
	policy.maxBatch = 1
	board := newBoard(p, policy)
	queues := make([][]work, len(board.tasks))
	var working []work
	for !board.drained() {
		for k := len(board.tasks) - 1; k >= 0; k-- {
			for t := board.tasks[k]; len(t.messages) < slots+2; {
				w, ok := t.next()
				if !ok {
					break
				}
				queues[k] = append(queues[k], w)
			}
		}
		for k := len(queues) - 1; k >= 0 && len(working) < slots; k-- {
			for len(queues[k]) > 0 && len(working) < slots {
				w := queues[k][0]
				queues[k] = queues[k][1:]
				read(k, p.Tasks[k].Grid.At(w.Blocks[0].First()))
				working = append(working, w)
			}
		}
		w := working[0]
		working = working[1:]
		if _, err := board.fold(completion{Task: w.Task, Generation: w.Generation, Attempt: 1, Message: w.Blocks[0].First(), Done: w.Blocks}, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLocality says how often a chunk is decoded when a segmentation runs with a cache of some size, for several
// orders of blocks. docs/decisions/16-flow.md tells the results.
func BenchmarkLocality(b *testing.B) {
	for _, s := range []struct{ blocks, block, context, chunk int }{{32, 64, 16, 64}, {16, 128, 32, 64}} {
		for _, cache := range []int64{128, 256, 1024, 4096} {
			for _, order := range []struct {
				name string
				tile geometry.Coordinate
			}{
				{"rows", nil}, {"columns1", geometry.Coordinate{s.blocks, 1, 1}}, {"columns2", geometry.Coordinate{s.blocks, 2, 2}}, {"columns3", geometry.Coordinate{s.blocks, 3, 3}},
				{"columns4", geometry.Coordinate{s.blocks, 4, 4}}, {"columns6", geometry.Coordinate{s.blocks, 6, 6}},
				{"columns8", geometry.Coordinate{s.blocks, 8, 8}}, {"columns12", geometry.Coordinate{s.blocks, 12, 12}},
				{"cubes4", geometry.Fill(3, 4)}, {"cubes8", geometry.Fill(3, 8)},
			} {
				name, tile := order.name, order.tile
				b.Run(fmt.Sprintf("blocks=%d³x%d/chunk=%d/cache=%dMiB/%s", s.blocks, s.block, s.chunk, cache, name), func(b *testing.B) {
					for b.Loop() {
						c := &fakeCache{limit: cache << 20, entries: map[[4]int]*list.Element{}}
						affs, frags := fakeArray{0, s.chunk, 9}, fakeArray{1, min(s.block, 64), 8}
						p := segmentation(b, s.blocks, s.block, s.context, tile)
						used := int64(0)
						walkThrough(b, p, 2, func(task int, block geometry.Block) {
							all := p.Tasks[0].Grid.Total()
							used += affs.read(c, block.ReadROI, all)
							if task == 1 {
								used += frags.read(c, block.ReadROI, all)
							}
						})
						b.ReportMetric(float64(c.hits)/float64(c.hits+c.misses), "hits")
						b.ReportMetric(float64(c.decoded)/float64(used), "decoded/used")
						b.ReportMetric(float64(c.decoded)/float64(p.Tasks[0].Grid.Total().Shape.Prod()*17), "decodes/chunk")
					}
				})
			}
		}
	}
}
