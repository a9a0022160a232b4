package stages

import (
	"context"
	"errors"

	"volara/zarr"
	"volara/zarr/lazy"
)

// OpenSeen opens an array as the tasks see it that have it as this dataset: at the dataset's place, with its operations. What
// is not stored is fill, also where a run is about to write it. The options are for it and for all arrays that are stacked on
// it. Closing the result releases the array.
func OpenSeen(ctx context.Context, d *Dataset, opening ...zarr.Option) (lazy.Array, error) {
	array, err := d.open(ctx, opening...)
	if err != nil {
		return lazy.Array{}, err
	}
	a, err := stored(array, d)
	if err == nil {
		a, err = d.seen(ctx, a, func(ctx context.Context, stacked *Dataset) (lazy.Array, error) {
			return OpenSeen(ctx, stacked, opening...)
		})
	}
	if err != nil {
		return lazy.Array{}, errors.Join(err, array.Close())
	}
	return a.Owning(array), nil
}

// Lazy reports whether the dataset has operations, so that its voxels are not those in the store.
func (d *Dataset) Lazy() bool { return len(d.operations()) > 0 }

// Placed reports whether the dataset says where the array is, or which part of an image it is, in place of the store.
func (d *Dataset) Placed() bool {
	return d.VoxelSize != nil || d.Offset != nil || d.AxisNames != nil || d.Units != nil || d.WorldUnit != "" || d.UseResolution ||
		d.AttributeNames != nil || d.Level != nil || d.leveled
}
