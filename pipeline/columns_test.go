package pipeline

import (
	"math"
	"testing"

	"volara/geometry"
	"volara/nd"
	"volara/stages"
)

// reader is a task that reads an array of 9 channels of uint8 with chunks of 64³, in a volume of voxels of 2 units.
func reader(t *testing.T, counts, block, context geometry.Coordinate) *TaskPlan {
	t.Helper()
	n, two := len(counts), geometry.Fill(len(counts), 2)
	g, err := geometry.NewGrid(geometry.NewRoi(geometry.Fill(n, -10), counts.Mul(block).Mul(two)), block.Mul(two), context.Mul(two), context.Mul(two), geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	inner := append([]int{9}, geometry.Fill(n, 64)...)
	return &TaskPlan{Task: &Task{}, Plan: &stages.Plan{Grid: g, VoxelSize: two}, Inputs: []stages.ArraySpec{{
		Path: "affs", Shape: append([]int{9}, counts.Mul(block)...), Inner: inner, VoxelSize: two, DType: nd.Uint8,
	}}}
}

func TestColumns(t *testing.T) {
	c := func(v ...int) geometry.Coordinate { return v }
	for _, test := range []struct {
		name                   string
		counts, block, context geometry.Coordinate
		mib                    int
		want                   geometry.Coordinate
	}{
		{"a quarter of a GiB", c(32, 32, 32), c(64, 64, 64), c(16, 16, 16), 256, c(32, 3, 3)},
		{"a GiB", c(32, 32, 32), c(64, 64, 64), c(16, 16, 16), 1024, c(32, 8, 8)},
		{"columns of equal width", c(32, 32, 7), c(64, 64, 64), c(16, 16, 16), 450, c(32, 5, 4)},
		{"no cache", c(32, 32, 32), c(64, 64, 64), c(16, 16, 16), 0, c(32, 1, 1)},
		{"all of the grid", c(5, 4, 3), c(64, 64, 64), c(16, 16, 16), 1 << 20, c(5, 4, 3)},
		{"nothing shared", c(32, 32, 32), c(64, 64, 64), c(0, 0, 0), 256, nil},
		{"blocks that are no multiples of chunks", c(32, 32, 32), c(96, 96, 96), c(0, 0, 0), 256, c(32, 2, 2)},
		{"time first, without context", c(9, 32, 32, 32), c(64, 64, 64, 64), c(0, 16, 16, 16), 64 * 256, c(1, 32, 3, 3)},
		{"an image", c(32, 32), c(64, 64), c(16, 16), 64, c(32, 32)},
		{"a line", c(32), c(64), c(16), 64, nil},
		{"sections in thicker chunks", c(99, 32, 32), c(1, 64, 64), c(0, 16, 16), 4096, c(99, 16, 16)},
	} {
		t.Run(test.name, func(t *testing.T) {
			task := reader(t, test.counts, test.block, test.context)
			p := &Plan{Tasks: []*TaskPlan{task}}
			got := p.columns(test.mib << 20).tile(task)
			if (got == nil) != (test.want == nil) || got != nil && !got.Equal(test.want) {
				t.Errorf("tiles of %v, want %v", got, test.want)
			}
		})
	}
}

// Tasks of other block sizes go in columns of about the same width; tasks that read nothing go as they are.
func TestColumnsOfSeveralTasks(t *testing.T) {
	lead := reader(t, geometry.Coordinate{16, 16, 16}, geometry.Fill(3, 64), geometry.Fill(3, 16))
	small := reader(t, geometry.Coordinate{32, 32, 32}, geometry.Fill(3, 32), geometry.Fill(3, 0))
	other := reader(t, geometry.Coordinate{16, 16, 16}, geometry.Fill(3, 64), geometry.Fill(3, 16))
	other.Inputs = nil
	c := (&Plan{Tasks: []*TaskPlan{other, small, lead}}).columns(200 << 20)
	if got := c.tile(lead); !got.Equal(geometry.Coordinate{16, 2, 2}) {
		t.Errorf("blocks of 64: %v", got)
	}
	if got := c.tile(small); !got.Equal(geometry.Coordinate{32, 4, 4}) {
		t.Errorf("blocks of 32: %v", got)
	}
	if got := c.tile(other); got != nil {
		t.Errorf("a task without inputs: %v", got)
	}
	if got := (&Plan{Tasks: []*TaskPlan{other}}).columns(1 << 30).tile(other); got != nil {
		t.Errorf("a plan without inputs: %v", got)
	}
}

// A chunk that reaches further than numbers do is one chunk for all blocks.
func TestColumnsOfHugeChunks(t *testing.T) {
	for _, voxel := range []int{1 << 58, 1 << 62, math.MaxInt} {
		task := reader(t, geometry.Fill(3, 8), geometry.Fill(3, 64), geometry.Fill(3, 16))
		task.Inputs[0].VoxelSize = geometry.Fill(3, voxel)
		p := &Plan{Tasks: []*TaskPlan{task}}
		if got, want := p.columns(1<<30).tile(task), geometry.Fill(3, 8); !got.Equal(want) {
			t.Errorf("voxels of %d: tiles of %v, want %v", voxel, got, want)
		}
	}
}
