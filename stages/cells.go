package stages

import (
	"context"
	"fmt"
	"math"
	"slices"

	"volara/geometry"
)

// ReadCells reads a dataset that has one cell a block of a grid, and calls f with the index of every block whose cell is
// not 0.
func ReadCells(ctx context.Context, d *Dataset, grid geometry.Grid, f func(index int64)) error {
	counts := grid.Counts()
	array, err := NewSpecs().source(ctx, d)
	if err != nil {
		return err
	}
	defer array.Close()
	if !slices.Equal(array.Shape(), counts) {
		return fmt.Errorf("%s has the shape %v; the task has %v blocks, and one cell a block is needed, the first block's first", d.Store, array.Shape(), []int(counts))
	}
	zero := geometry.Fill(len(counts), 0)
	pieces, err := geometry.NewGrid(geometry.NewRoi(zero, counts), ArraySpec{Shape: array.Shape(), Inner: array.Chunks, VoxelSize: counts}.piece(), zero, zero, geometry.FitShrink)
	if err != nil {
		return err
	}
	for i := range pieces.Len() {
		box := pieces.At(i).WriteROI
		cells, err := array.Read(ctx, box.Offset, box.Shape)
		if err != nil {
			return err
		}
		values := asFloat64(cells)
		for first, length := range grid.Rows(box) {
			for i, v := range values[:length] {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("the cell of block %d in %s is %v; 0 (to be done) or another number (left out) is expected", first+int64(i), d.Store, v)
				}
				if v != 0 {
					f(first + int64(i))
				}
			}
			values = values[length:]
		}
	}
	return nil
}
