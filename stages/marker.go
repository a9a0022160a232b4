package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"volara/zarr"
	"volara/zarr/store"
)

// markerAttr is the attribute that every output array carries.
const markerAttr = "volara"

// createArray makes an output array, or finds it made, and leaves the generation's marker on it. Where the task has
// begun anew (env.Replace), chunks of the earlier generation are removed: they would pass for this one's.
func createArray(ctx context.Context, env *Env, spec ArraySpec) error {
	place := spec.place()
	array, err := place.Open(ctx)
	if err == nil {
		var there *Marker
		if there, err = ReadMarker(array); err == nil && there != nil {
			if there.Generation == env.Generation {
				err := array.Close()
				if env.Crashed {
					err = errors.Join(err, cleanUp(ctx, place))
				}
				return err
			}
			if env.Replace {
				if err := errors.Join(array.Close(), dropPlace(ctx, place)); err != nil {
					return err
				}
				array, err = nil, zarr.ErrNotFound
			}
		}
	}
	if errors.Is(err, zarr.ErrNotFound) {
		array, err = zarr.Create(ctx, place.Path, spec.creation(), place.in())
	}
	if err != nil {
		return err
	}
	marker := env.Marker
	marker.Layout = layoutOf(array)
	if err = array.SetAttributes(ctx, map[string]any{markerAttr: marker}); err == nil {
		err = cleanUp(ctx, place) // what others have begun to write, in this order: see guard
	}
	return errors.Join(err, array.Close())
}

// cleanUp removes the temporary files that killed or sleeping workers have left in an array. A worker that has the
// right to write begins its file again.
func cleanUp(ctx context.Context, place Place) error {
	if place.Remote() {
		return nil // what is half written there is nowhere
	}
	local, err := store.OpenLocal(place.Path, store.LocalOptions{})
	if err != nil {
		return err
	}
	_, err = local.Clean(ctx, 0)
	return errors.Join(err, local.Close())
}

// creation returns what the array is created from.
func (s ArraySpec) creation() zarr.Spec {
	spatial := zarr.Spatial{VoxelSize: floats(s.VoxelSize), Offset: floats(s.Offset), AxisNames: s.AxisNames, Units: s.Units, Types: s.Types}
	c := zarr.Spec{Shape: s.Shape, Chunks: s.Chunks, DType: s.DType, Codec: s.Compressor, Attributes: s.attributes(spatial)}
	if s.Inner != nil && !slices.Equal(s.Inner, s.Chunks) {
		c.Chunks, c.Shards = s.Inner, s.Chunks
	}
	c.Format, c.Separator = s.Format, s.Separator
	return c
}

// layoutOf describes how the array is stored; two arrays of one layout hold the same values in the same files.
func layoutOf(array *zarr.Array) string {
	m := array.Metadata()
	return fmt.Sprintf("zarr v%d, shape %v, chunks %v, inner chunks %v, %v, fill %s, codecs %v", m.Format, m.Shape, m.Chunks, m.Inner,
		m.DType, m.Fill.Text(m.DType), m.Codecs)
}

// ReadMarker returns the marker of an output array, nil when it carries none.
func ReadMarker(array *zarr.Array) (*Marker, error) {
	m, meta := new(Marker), array.Metadata()
	found, err := meta.Attribute(markerAttr, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", array.Path(), err)
	}
	if !found {
		return nil, nil
	}
	return m, nil
}

// OutputMarker opens the array at a place and returns its marker, nil when it carries none, and its specification;
// zarr.ErrNotFound when there is no array.
func OutputMarker(ctx context.Context, place Place) (*Marker, ArraySpec, error) {
	array, err := place.Open(ctx)
	if err != nil {
		return nil, ArraySpec{}, err
	}
	defer array.Close()
	spec, err := SpecOf(array, &Dataset{Store: place.Path, at: place})
	if err != nil {
		return nil, spec, err
	}
	m, err := ReadMarker(array)
	if m != nil && m.Layout != "" && m.Layout != layoutOf(array) {
		return m, spec, fmt.Errorf("its metadata say %s; it was made as %s", layoutOf(array), m.Layout)
	}
	return m, spec, err
}
