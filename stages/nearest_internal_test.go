package stages

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
	"volara/zarr/store"
)

// A sampling gives the same however much of the array it reads at once, and what a voxel by voxel look-up gives.
func TestSamplingInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "dims")
		draw := func(label string, least, most int) geometry.Coordinate {
			return rapid.SliceOfN(rapid.IntRange(least, most), n, n).Draw(t, label)
		}
		spec := ArraySpec{Shape: draw("shape", 1, 9), DType: nd.Uint16, VoxelSize: draw("voxel", 1, 9), Offset: draw("offset", -9, 9)}
		if rapid.Bool().Draw(t, "channels") {
			spec.Shape = append([]int{3}, spec.Shape...)
		}
		values := nd.New(nd.Uint16, spec.Shape...)
		for i := range nd.Values[uint16](values) {
			nd.Values[uint16](values)[i] = uint16(i + 1)
		}
		array, err := zarr.CreateStore(t.Context(), store.NewMemory(), "", zarr.Spec{Shape: spec.Shape, Chunks: spec.Shape, DType: nd.Uint16})
		if err == nil {
			err = array.Write(t.Context(), make([]int, len(spec.Shape)), values)
		}
		if err != nil {
			t.Fatal(err)
		}
		a := &openArray{array: array, source: lazy.Array{Source: array}, spec: spec}
		voxel := draw("target voxel", 1, 9)
		roi := geometry.NewRoi(draw("target offset", -15, 15), draw("target shape", 1, 6).Mul(voxel))
		got, err := a.readNearest(t.Context(), roi, voxel)
		if err != nil {
			t.Fatal(err)
		}
		whole, parts := newSampling(a, roi, voxel), newSampling(a, roi, voxel)
		whole.most, parts.most = 1<<40, int64(rapid.IntRange(0, 9).Draw(t, "at once"))
		for _, s := range []*sampling{whole, parts} {
			if err := s.read(context.Background(), geometry.NewRoi(geometry.Fill(n, 0), roi.Shape.Div(voxel))); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(s.out.Bytes(), got.Bytes()) {
				t.Fatalf("read in parts of %d: %v, not %v", s.most, nd.Values[uint16](s.out), nd.Values[uint16](got))
			}
		}
		want := slowNearest(spec, nd.Values[uint16](values), roi, voxel)
		if !slices.Equal(nd.Values[uint16](got), want) {
			t.Fatalf("%v, want %v", nd.Values[uint16](got), want)
		}
	})
}

func slowNearest(spec ArraySpec, values []uint16, roi geometry.Roi, voxel geometry.Coordinate) []uint16 {
	var out []uint16
	inside, total := spec.SpatialShape(), roi.Shape.Div(voxel)
	for c := range len(values) / int(inside.Prod()) {
		for i := range int(total.Prod()) {
			at, ok, from := i, true, 0
			position := make([]int, len(total))
			for d := len(total) - 1; d >= 0; d-- {
				position[d], at = at%total[d], at/total[d]
			}
			for d := range total {
				middle := float64(roi.Offset[d]) + (float64(position[d])+0.5)*float64(voxel[d])
				k := 0
				for k = -40; float64(spec.Offset[d]+(k+1)*spec.VoxelSize[d]) <= middle; k++ {
				}
				ok = ok && k >= 0 && k < inside[d]
				from = from*inside[d] + k
			}
			v := uint16(0)
			if ok {
				v = values[c*int(inside.Prod())+from]
			}
			out = append(out, v)
		}
	}
	return out
}
