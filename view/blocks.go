package view

import (
	"context"
	"fmt"

	"volara/blockmap"
	"volara/follow"
	"volara/geometry"
	"volara/nd"
	"volara/pipeline"
	"volara/zarr"
	"volara/zarr/lazy"
)

// complete reports whether all blocks of a task are done or left out.
func complete(ctx context.Context, b *follow.Blocks, task string) bool {
	whole := false
	err := b.See(ctx, task, func(m *blockmap.Map) error {
		n := m.Tally()
		whole = n.Done()+n[blockmap.LeftOut] == m.Len()
		return nil
	})
	return err == nil && whole
}

// states is the Source of a task's blocks: of each its blockmap.State.
type states struct {
	blocks *follow.Blocks
	task   string
	grid   geometry.Grid
}

var _ lazy.Source = (*states)(nil)

func (s *states) Shape() []int    { return s.grid.Counts() }
func (s *states) DType() nd.DType { return nd.Uint8 }
func (s *states) Path() string    { return fmt.Sprintf("blocks of %s (%s)", s.task, s.blocks.Dir()) }

// ReadInto implements Source.
func (s *states) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	return s.blocks.See(ctx, s.task, func(m *blockmap.Map) error {
		out, strides := nd.Values[uint8](dst), nd.Strides(dst.Shape())
		clear(out)
		inside := geometry.NewRoi(offset, dst.Shape()).Intersect(s.grid.All())
		for at, length := range inside.Rows() {
			to := 0
			for d, i := range at {
				to += (i - offset[d]) * strides[d]
			}
			first := s.grid.Index(at)
			for i := range length {
				out[to+i] = uint8(m.State(first + int64(i)))
			}
		}
		return nil
	})
}

// datasetOf returns the blocks of a task as labels of one voxel a block.
func datasetOf(ctx context.Context, b *follow.Blocks, t *pipeline.TaskPlan) Dataset {
	grid := t.Plan.Grid
	s := zarr.Spatial{}
	for d := range grid.Dims() {
		s.VoxelSize = append(s.VoxelSize, float64(grid.BlockShape()[d]))
		s.Offset = append(s.Offset, float64(grid.Total().Offset[d]))
		s.AxisNames = append(s.AxisNames, fmt.Sprintf("d%d", d))
		s.Units, s.Types = append(s.Units, ""), append(s.Types, "space")
	}
	for _, spec := range t.Arrays() {
		if c := spec.ChannelAxes(); spec.Dims() == grid.Dims() {
			s.AxisNames, s.Units, s.Types = spec.AxisNames[c:], spec.Units[c:], spec.Types[c:]
			break
		}
	}
	d := Dataset{Name: "blocks-" + t.Name, Kind: Labels, Hidden: complete(ctx, b, t.Name),
		Levels: []Level{{Array: lazy.Array{Source: &states{b, t.Name, grid}, Spatial: s, Chunks: grid.Counts()}}}}
	for _, state := range blockmap.States() {
		c := state.Colour()
		d.Legend = append(d.Legend, Entry{uint64(state), state.String(), fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B)})
	}
	return d
}
