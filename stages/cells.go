package stages

import (
	"context"
	"fmt"
	"slices"

	"volara/geometry"
	"volara/zarr"
)

// ReadCells reads a dataset that has one cell a block of a grid with the given counts, and calls f with the row-major
// index of every cell that is not 0.
func ReadCells(ctx context.Context, d *Dataset, counts geometry.Coordinate, f func(index int64)) error {
	array, err := zarr.Open(ctx, d.Store)
	if err != nil {
		return err
	}
	defer array.Close()
	m := array.Metadata()
	if !slices.Equal(m.Shape, counts) {
		return fmt.Errorf("%s has the shape %v; the task has %v blocks, and one cell a block is needed, the first block's first", d.Store, m.Shape, []int(counts))
	}
	zero := geometry.Fill(len(counts), 0)
	pieces, err := geometry.NewGrid(geometry.NewRoi(zero, counts), ArraySpec{Shape: m.Shape, Inner: m.Inner, VoxelSize: counts}.piece(), zero, zero, geometry.FitShrink)
	if err != nil {
		return err
	}
	strides := make([]int64, len(counts))
	for d, stride := len(counts)-1, int64(1); d >= 0; d-- {
		strides[d] = stride
		stride *= int64(counts[d])
	}
	for i := range pieces.Len() {
		box := pieces.At(i).WriteROI
		cells, err := array.Read(ctx, box.Offset, box.Shape)
		if err != nil {
			return err
		}
		for at, v := range asFloat64(cells) {
			if v == 0 {
				continue
			}
			index := int64(0)
			for d := len(counts) - 1; d >= 0; d-- {
				index += int64(box.Offset[d]+at%box.Shape[d]) * strides[d]
				at /= box.Shape[d]
			}
			f(index)
		}
	}
	return nil
}
