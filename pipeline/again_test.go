package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/nd"
	"volara/stages"
	"volara/stream"
	"volara/zarr"
)

// TestBlocksToRedo demands that all that writes into a region is done again, with all that reads it, looked at block by
// block.
func TestBlocksToRedo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 3).Draw(t, "dims")
		draw := func(name string, least, most int) geometry.Coordinate {
			return geometry.Coordinate(rapid.SliceOfN(rapid.IntRange(least, most), dims, dims).Draw(t, name))
		}
		shape, offset := draw("shape", 5, 20), draw("offset", -50, 50)
		text := "tasks:\n"
		for i := range 3 {
			after := ""
			if i > 0 {
				after = fmt.Sprintf(", after: [t%d]", rapid.IntRange(0, i-1).Draw(t, "after"))
			}
			text += fmt.Sprintf("  - {task_type: noop, name: t%d, roi: [%s, %s], block_size: %s, context: %s%s}\n", i,
				list(offset), list(shape), list(draw("block", 1, 9)), list(draw("context", 0, 4)), after)
		}
		p, err := Parse(stages.Builtin(), "/data/x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Plan(context.Background(), Selection{})
		if err != nil {
			t.Fatal(err)
		}
		region := geometry.NewRoi(offset.Add(draw("begin", 0, 4)), draw("extent", 1, 9))
		var tasks []string
		if rapid.Bool().Draw(t, "one task") {
			tasks = []string{p.Names()[rapid.IntRange(0, 2).Draw(t, "task")]}
		}
		boxes, err := plan.blocksToRedo(region, tasks)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range plan.Tasks {
			grid := task.Plan.Grid
			for i := range grid.Len() {
				b := grid.At(i)
				again := (tasks == nil || tasks[0] == task.Name) && b.WriteROI.Meets(region)
				for _, e := range task.Upstream {
					if box, ok := boxes[e.Task.Name]; ok {
						again = again || b.ReadROI.Meets(plan.task(e.Task).Plan.Grid.WrittenBy(box))
					}
				}
				if box := boxes[task.Name]; again && !box.ContainsPoint(b.Position) {
					t.Fatalf("block %v of %s is not done again: %v", b, task.Name, box)
				}
			}
		}
	})
}

// TestCountInside compares with looking at every block.
func TestCountInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 4).Draw(t, "dims")
		draw := func(name string, least, most int) geometry.Coordinate {
			return geometry.Coordinate(rapid.SliceOfN(rapid.IntRange(least, most), dims, dims).Draw(t, name))
		}
		zero := geometry.Fill(dims, 0)
		grid, err := geometry.NewGrid(geometry.NewRoi(zero, draw("shape", 1, 6)), geometry.Fill(dims, 1), zero, zero, geometry.FitShrink)
		if err != nil {
			t.Fatal(err)
		}
		box := geometry.NewRoi(draw("begin", 0, 3), draw("extent", 0, 4)).Intersect(grid.All())
		done, want := stream.NewBitmap(grid.Len()), int64(0)
		for i := range grid.Len() {
			if !rapid.Bool().Draw(t, "done") {
				continue
			}
			done.Set(i)
			if box.ContainsPoint(grid.Position(i)) {
				want++
			}
		}
		if n := countInside(done, grid, box); n != want {
			t.Fatalf("%d blocks in %v, not %d", n, box, want)
		}
	})
}

// TestReadMarks reads done marks of every type and layout that may come, with blocks at the edge that do not fit.
func TestReadMarks(t *testing.T) {
	ctx := context.Background()
	zero := geometry.Coordinate{0, 0}
	for i, c := range []struct {
		fit    geometry.Fit
		chunks []int
		values *nd.Array
		done   []int64
	}{
		{geometry.FitShrink, []int{1, 1}, nd.From([]uint8{0, 1, 2, 0, 255, 0}, 2, 3), []int64{1, 2, 4}},
		{geometry.FitOverhang, []int{1, 2}, nd.From([]uint16{256, 0, 0, 0, 0, 7}, 2, 3), []int64{0, 5}},
		{geometry.FitValid, []int{2, 3}, nd.From([]uint64{1, 0, 3, 1 << 40, 5, 6}, 2, 3), []int64{0}},
		{geometry.FitValid, []int{1, 1}, nd.From([]int64{0, -1, 3, 4, 5, 6}, 2, 3), []int64{1}},
	} {
		grid, err := geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{3, -4}, geometry.Coordinate{7, 25}), geometry.Coordinate{4, 10}, zero, zero, c.fit)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "done.zarr")
		array, err := zarr.Create(ctx, path, zarr.Spec{Shape: c.values.Shape(), Chunks: c.chunks, DType: c.values.DType()})
		if err != nil {
			t.Fatal(err)
		}
		if err := array.Write(ctx, []int{0, 0}, c.values); err != nil {
			t.Fatal(err)
		}
		if err := array.Close(); err != nil {
			t.Fatal(err)
		}
		done, err := readMarks(ctx, path, grid)
		if err != nil {
			t.Fatal(err)
		}
		if done.Count() != int64(len(c.done)) {
			t.Errorf("case %d: %d blocks are done", i, done.Count())
		}
		for _, block := range c.done {
			if !done.Get(block) {
				t.Errorf("case %d: block %d is not done", i, block)
			}
		}
	}
}
