package test

import (
	"context"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"volara/nd"
	"volara/zarr"
)

// cmdMask writes an array of uint8 that is 1 in boxes and 0 elsewhere: mask PATH SHAPE VOXELSIZE OFFSET BOX…, with numbers as
// in 4,4,4 and boxes as in 0:2,0:4,0:4.
func cmdMask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: mask PATH SHAPE VOXELSIZE OFFSET BOX…")
	}
	numbers := func(text string) (list []float64) {
		for n := range strings.SplitSeq(text, ",") {
			v, err := strconv.ParseFloat(n, 64)
			ts.Check(err)
			list = append(list, v)
		}
		return list
	}
	var shape []int
	for _, n := range numbers(args[1]) {
		shape = append(shape, int(n))
	}
	a := nd.New(nd.Uint8, shape...)
	for _, text := range args[4:] {
		lo, hi := make([]int, len(shape)), make([]int, len(shape))
		for d, axis := range strings.Split(text, ",") {
			from, to, _ := strings.Cut(axis, ":")
			var err error
			lo[d], err = strconv.Atoi(from)
			ts.Check(err)
			hi[d], err = strconv.Atoi(to)
			ts.Check(err)
		}
		paint(a, lo, hi)
	}
	array, err := zarr.Create(context.Background(), ts.MkAbs(args[0]), zarr.Spec{Shape: shape, Chunks: shape, DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": numbers(args[2]), "offset": numbers(args[3])}})
	ts.Check(err)
	ts.Check(array.Write(context.Background(), make([]int, len(shape)), a))
	ts.Check(array.Close())
}

// paint sets a box of voxels to 1.
func paint(a *nd.Array, lo, hi []int) {
	values, shape := nd.Values[uint8](a), a.Shape()
	for i := range values {
		inside, rest := true, i
		for d := len(shape) - 1; d >= 0; d-- {
			at := rest % shape[d]
			rest /= shape[d]
			inside = inside && lo[d] <= at && at < hi[d]
		}
		if inside {
			values[i] = 1
		}
	}
}
