package lazy_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// memory is a Source in memory that refuses to be asked for what it must not be asked.
type memory struct {
	a *nd.Array
	// within: a box may not leave the array, whoever asks.
	within bool
}

func (m memory) Shape() []int    { return m.a.Shape() }
func (m memory) DType() nd.DType { return m.a.DType() }
func (m memory) Path() string    { return "memory" }

func (m memory) ReadInto(_ context.Context, dst *nd.Array, offset []int) error {
	if dst.DType() != m.a.DType() {
		return fmt.Errorf("%v is read as %v", m.a.DType(), dst.DType())
	}
	shape, from, to := make([]int, len(offset)), make([]int, len(offset)), make([]int, len(offset))
	empty := false
	for d, o := range offset {
		from[d] = max(o, 0)
		to[d] = from[d] - o
		shape[d] = min(o+dst.Shape()[d], m.a.Shape()[d]) - from[d]
		empty = empty || shape[d] <= 0
	}
	if m.within && !slices.Equal(shape, dst.Shape()) {
		return fmt.Errorf("box of %v at %v leaves %v", dst.Shape(), offset, m.a.Shape())
	}
	clear(dst.Bytes())
	if !empty {
		nd.CopyBox(dst.Bytes(), dst.Shape(), to, m.a.Bytes(), m.a.Shape(), from, shape, dst.DType().Size())
	}
	return nil
}

// spatial places an array of n axes: channel axes, then those of space with offset 10·k and voxel size k from 1.
func spatial(n, channels int) zarr.Spatial {
	s := zarr.Spatial{ChannelAxes: channels}
	for i := range n {
		s.Units = append(s.Units, "")
		if i < channels {
			s.AxisNames, s.Types = append(s.AxisNames, fmt.Sprintf("c%d^", i)), append(s.Types, "channel")
			continue
		}
		k := float64(i - channels + 1)
		s.AxisNames, s.Types = append(s.AxisNames, []string{"z", "y", "x", "w", "v"}[i-channels]), append(s.Types, "space")
		s.VoxelSize, s.Offset = append(s.VoxelSize, k), append(s.Offset, 10*k)
	}
	return s
}

// of makes an Array of one in memory.
func of(a *nd.Array, channels int) lazy.Array {
	chunks := make([]int, len(a.Shape()))
	for d := range chunks {
		chunks[d] = 3
	}
	return lazy.Array{Source: memory{a: a}, Spatial: spatial(len(a.Shape()), channels), Chunks: chunks}
}

func parse(t testing.TB, ops ...string) lazy.Ops {
	t.Helper()
	list, err := lazy.ParseOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func readAll(t testing.TB, a lazy.Array) *nd.Array {
	t.Helper()
	got, err := a.Read(context.Background(), make([]int, len(a.Shape())), a.Shape())
	if err != nil {
		t.Fatal(err)
	}
	return got
}
