package stages

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// A cell that is no number says nothing about its block.
func TestReadCellsOfNoNumber(t *testing.T) {
	grid, err := geometry.NewGrid(geometry.NewRoi(geometry.Fill(1, 0), geometry.Fill(1, 40)), geometry.Fill(1, 10), geometry.Fill(1, 0), geometry.Fill(1, 0), geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []float32{0, 1, -0.5, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		path := filepath.Join(t.TempDir(), "cells")
		array, err := zarr.Create(context.Background(), path, zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Float32})
		if err != nil {
			t.Fatal(err)
		}
		cells := nd.New(nd.Float32, 4)
		nd.Values[float32](cells)[2] = v
		if err := array.Write(context.Background(), []int{0}, cells); err != nil {
			t.Fatal(err)
		}
		if err := array.Close(); err != nil {
			t.Fatal(err)
		}
		var left []int64
		err = ReadCells(context.Background(), &Dataset{Store: path}, grid, func(i int64) { left = append(left, i) })
		finite := !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
		switch {
		case !finite && (err == nil || !strings.Contains(err.Error(), "the cell of block 2")):
			t.Errorf("%v: %v", v, err)
		case finite && (err != nil || (len(left) == 1) != (v != 0)):
			t.Errorf("%v: %v is left out, %v", v, left, err)
		}
	}
}
