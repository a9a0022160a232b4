package stages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// An openArray is an array with its place in the world.
type openArray struct {
	array  *zarr.Array // as it is stored
	source lazy.Array  // as it is seen
	spec   ArraySpec   // as it is seen
	guard  *guard      // of one that is written
}

// openInput opens an array for reading, with its lazy operations, through the worker's cache of decoded chunks. Where
// this program made the array, finished blocks have stored all their chunks: a missing one is an error, and not
// background, unless blocks were skipped.
func openInput(ctx context.Context, d *Dataset, env *Env) (*openArray, error) {
	array, err := d.open(ctx, zarr.Helped(env.Helpers))
	if err != nil {
		return nil, err
	}
	if env.Cache != nil && !env.Shared[d.Store] {
		array = array.With(zarr.Cached(env.Cache))
	}
	if m, err := ReadMarker(array); err == nil && m != nil && !env.MayLack[d.Store] {
		array = array.With(zarr.Required())
	}
	a, err := newOpenArray(ctx, array, d, func(ctx context.Context, stacked *Dataset) (lazy.Array, error) {
		other, err := openInput(ctx, stacked, env)
		if err != nil {
			return lazy.Array{}, err
		}
		return other.source.Owning(other.array), nil
	})
	if err != nil {
		return nil, errors.Join(err, array.Close())
	}
	return a, nil
}

// newOpenArray puts the operations of a dataset around its array; open gives the arrays that are stacked.
func newOpenArray(ctx context.Context, array *zarr.Array, d *Dataset, open func(context.Context, *Dataset) (lazy.Array, error)) (*openArray, error) {
	before, err := stored(array, d)
	if err != nil {
		return nil, err
	}
	if len(d.operations()) == 0 {
		spec, err := SpecOf(array, d)
		return &openArray{array: array, source: before, spec: spec}, err
	}
	a, err := d.seen(ctx, before, open)
	if err != nil {
		return nil, err
	}
	spec, err := specOf(a, d)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	spec.StoredNeighborhood = coordinates(before.Neighborhood)
	return &openArray{array: array, source: a, spec: spec}, nil
}

// openOutput opens an array that Init has made, for writing in the task's generation.
func openOutput(ctx context.Context, d *Dataset, env *Env) (*openArray, error) {
	array, err := d.open(ctx, zarr.Helped(env.Helpers))
	if err != nil {
		return nil, err
	}
	if env.Shared[d.Store] {
		if err := array.CheckLocks(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("write: locked: %w", err), array.Close())
		}
	}
	a, err := newOpenArray(ctx, array, d, nil)
	if err == nil {
		a.guard = guardArray(a.array, d.place(), env.Generation)
	}
	return a, err
}

// read returns all channels of a world region (channel axes first); outside the array is 0.
func (a *openArray) read(ctx context.Context, roi geometry.Roi) (*nd.Array, error) {
	box := a.spec.Voxels(roi)
	channels := a.spec.Shape[:a.spec.ChannelAxes()]
	offset := append(make([]int, len(channels)), box.Offset...)
	return a.source.Read(ctx, offset, slices.Concat(channels, box.Shape))
}

// write stores a world region of an array without channels. Its first step, and the last one before a chunk is replaced,
// is to ask whether the worker still holds the block (ctx) and the generation the array: one that lost them, and woke up
// late, must not write over another's work.
func (a *openArray) write(ctx context.Context, roi geometry.Roi, data *nd.Array) error {
	ctx, err := a.guard.fence(ctx)
	if err != nil {
		return err
	}
	return a.array.Write(ctx, a.spec.Voxels(roi).Offset, data)
}

// writeFill stores the fill value in a world region of the array, or what of it lies in the array.
func (a *openArray) writeFill(ctx context.Context, roi geometry.Roi) error {
	ctx, err := a.guard.fence(ctx)
	if err != nil {
		return err
	}
	box := a.spec.Voxels(roi).Intersect(geometry.NewRoi(geometry.Fill(a.spec.Dims(), 0), a.spec.SpatialShape()))
	if box.Empty() {
		return nil
	}
	channels := a.spec.Shape[:a.spec.ChannelAxes()]
	return a.array.WriteFill(ctx, append(make([]int, len(channels)), box.Offset...), slices.Concat(channels, box.Shape))
}

// closeAll releases arrays; nil ones are left out.
func closeAll(arrays ...*openArray) error {
	var errs []error
	for _, a := range arrays {
		if a != nil {
			errs = append(errs, a.source.Close(), a.array.Close())
		}
	}
	return errors.Join(errs...)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// neighborhoodAttr reads the attribute neighborhood: one offset a channel.
func neighborhoodAttr(array *zarr.Array) ([]geometry.Coordinate, error) {
	var offsets []geometry.Coordinate
	meta := array.Metadata()
	if _, err := meta.Attribute("neighborhood", &offsets); err != nil {
		return nil, fmt.Errorf("%s: a list of offsets is needed: %w", array.Path(), err)
	}
	return offsets, nil
}

func floats(c geometry.Coordinate) []float64 {
	if c == nil {
		return nil
	}
	f := make([]float64, len(c))
	for i, v := range c {
		f[i] = float64(v)
	}
	return f
}
