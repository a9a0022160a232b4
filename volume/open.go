package volume

import (
	"context"

	"volara/zarr"
)

// Open opens the array at a path, of an image the first level. What cannot be opened is an *InputError.
func Open(ctx context.Context, path string, opts ...zarr.Option) (*zarr.Array, error) {
	a, err := zarr.Open(ctx, path, opts...)
	return a, opening(err)
}
