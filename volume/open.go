package volume

import (
	"context"
	"errors"
	"slices"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// An Array is an open array: as it is stored, and as it is to be seen.
type Array struct {
	// Array is what is to be seen: what is stored, with operations around it. Where the place of an array without
	// operations in the world is not understood, its Spatial is empty, and Placed says why.
	lazy.Array
	// Stored is the array in its store.
	Stored *zarr.Array
	// Placed is nil, or why the array's place in the world is not known.
	Placed error

	ops lazy.Ops
}

// OpenOptions say which array is meant, and what is to be seen of it.
type OpenOptions struct {
	// Level is the level of an image, by its place in the image's list; nil is the first, of an array none.
	Level *int
	// Ops are operations on the voxels as they are read.
	Ops lazy.Ops
	// Options are those of package zarr.
	Options []zarr.Option
}

// Open opens the array at a location, a path or a URL. What cannot be opened is an *InputError.
func Open(ctx context.Context, location string, o OpenOptions) (*Array, error) {
	opts := slices.Clone(o.Options)
	if o.Level != nil {
		opts = append(opts, zarr.Level(*o.Level))
	}
	stored, err := zarr.Open(ctx, location, opts...)
	if err != nil {
		return nil, opening(err)
	}
	a, err := See(ctx, stored, o.Ops)
	if err != nil {
		return nil, errors.Join(err, stored.Close())
	}
	return a, nil
}

// See puts operations around an array that is open.
func See(ctx context.Context, stored *zarr.Array, ops lazy.Ops) (*Array, error) {
	plain, err := lazy.Of(stored, zarr.Overrides{})
	switch {
	case err != nil && len(ops) > 0:
		return nil, &InputError{err}
	case err != nil:
		plain = lazy.Array{Source: stored, Chunks: stored.Metadata().Inner}
		return &Array{plain, stored, err, nil}, nil
	}
	seen, err := ops.Apply(ctx, plain)
	if err != nil {
		return nil, opening(err)
	}
	return &Array{seen, stored, nil, ops}, nil
}

// With returns a view of the array with more options of package zarr, and the operations anew around it. Closing the view's
// Array releases what those have opened; the store stays the array's own.
func (a *Array) With(ctx context.Context, opts ...zarr.Option) (*Array, error) {
	return See(ctx, a.Stored.With(opts...), a.ops)
}

// Close releases the array and what its operations have opened.
func (a *Array) Close() error { return errors.Join(a.Array.Close(), a.Stored.Close()) }

// Place returns the array's place in the world, or an *InputError that says why it is not known.
func (a *Array) Place() (zarr.Spatial, error) {
	if a.Placed != nil {
		return zarr.Spatial{}, &InputError{a.Placed}
	}
	return a.Spatial, nil
}

// Box reads a box.
func (a *Array) Box(ctx context.Context, b Box) (*nd.Array, error) {
	data := nd.New(a.DType(), b.Shape...)
	return data, a.ReadInto(ctx, data, b.Offset)
}
