package stages

import (
	"math"
	"slices"
	"testing"

	"volara/fault"
	"volara/geometry"
	"volara/nd"
)

// TestAnyTypeAsFloatsAndLabels puts the same small numbers into every type.
func TestAnyTypeAsFloatsAndLabels(t *testing.T) {
	integers := []*nd.Array{nd.From([]int8{0, 1, 100}, 3), nd.From([]int16{0, 1, 100}, 3), nd.From([]int32{0, 1, 100}, 3),
		nd.From([]int64{0, 1, 100}, 3), nd.From([]uint8{0, 1, 100}, 3), nd.From([]uint16{0, 1, 100}, 3),
		nd.From([]uint32{0, 1, 100}, 3), nd.From([]uint64{0, 1, 100}, 3)}
	floats := []*nd.Array{nd.From([]float32{0, 1, 100}, 3), nd.From([]float64{0, 1, 100}, 3), nd.New(nd.Float16, 3)}
	copy(nd.Values[uint16](floats[2]), []uint16{0, 0x3c00, 0x5640})
	for _, a := range slices.Concat(integers, floats) {
		if got := asFloat64(a); !slices.Equal(got, []float64{0, 1, 100}) {
			t.Errorf("%v: %v", a.DType(), got)
		}
	}
	for _, a := range integers {
		if got, err := asLabels(a); err != nil || !slices.Equal(got, []uint64{0, 1, 100}) {
			t.Errorf("%v: %v, %v", a.DType(), got, err)
		}
	}
	for _, a := range floats {
		if _, err := asLabels(a); !fault.IsPermanent(err) {
			t.Errorf("%v labels: %v", a.DType(), err)
		}
	}
	for _, a := range []*nd.Array{nd.From([]int8{-1}, 1), nd.From([]int64{3, math.MinInt64}, 2)} {
		if _, err := asLabels(a); !fault.IsPermanent(err) {
			t.Errorf("negative labels of %v: %v", a.DType(), err)
		}
	}
}

func TestChunksDivideBlocks(t *testing.T) {
	for _, block := range []geometry.Coordinate{{1}, {64, 64, 64}, {128, 128, 128}, {64, 257, 256}, {1 << 20}, {100, 100, 100, 3}} {
		if chunks := chunksFor(block); !chunks.Divides(block) || chunks.Prod() > 64*64*64 {
			t.Errorf("blocks of %v get chunks of %v", block, chunks)
		}
	}
	// A prime length stays whole: chunks of one voxel would be worse than large ones.
	for _, block := range []geometry.Coordinate{{262147, 2}, {67, 67, 67}, {524309}} {
		if chunks := chunksFor(block); !chunks.Equal(block) {
			t.Errorf("blocks of %v get chunks of %v", block, chunks)
		}
	}
}
