package stages

import (
	"context"
	"fmt"
	"slices"

	"volara/geometry"
	"volara/zarr"
	"volara/zarr/lazy"
)

// SpecOf describes an open array as it is stored, with the dataset's overrides applied.
func SpecOf(array *zarr.Array, d *Dataset) (ArraySpec, error) {
	a, err := stored(array, d)
	if err != nil {
		return ArraySpec{}, err
	}
	spec, err := specOf(a, d)
	spec.Chunks = array.Metadata().Chunks
	if err != nil {
		return spec, err
	}
	if err := spec.checkExtent(); err != nil {
		return spec, fmt.Errorf("%s: %w", d.Store, err)
	}
	return spec, nil
}

// stored makes a Source of an open array. Its offsets are those that the array has, else the dataset's if there is one for
// each channel in the store.
func stored(array *zarr.Array, d *Dataset) (lazy.Array, error) {
	a, err := lazy.Of(array, d.overrides(array))
	if err != nil {
		return a, err
	}
	offsets, err := neighborhoodAttr(array)
	if offsets == nil && !d.settled && len(d.operations()) > 0 && len(a.Shape()) > 0 && len(d.Neighborhood) == a.Shape()[0] {
		offsets = d.Neighborhood
	}
	a.Neighborhood = ints(offsets)
	a.Spatial.Warnings = slices.Concat(array.Metadata().Warnings, a.Spatial.Warnings)
	return a, err
}

// planned makes a Source of an array that an earlier task is going to write.
func planned(spec ArraySpec) lazy.Array {
	s := zarr.Spatial{VoxelSize: floats(spec.VoxelSize), Offset: floats(spec.Offset), AxisNames: spec.AxisNames, Units: spec.Units,
		Types: spec.Types, ChannelAxes: spec.ChannelAxes(), Warnings: spec.Warnings}
	a := lazy.Described(spec.Path, spec.Shape, spec.DType, s, spec.Inner)
	a.Neighborhood = ints(spec.Neighborhood)
	return a
}

// specOf describes an array, with what operations do to it; its chunks are those that are decoded.
func specOf(a lazy.Array, d *Dataset) (ArraySpec, error) {
	if a.DType().IsComplex() {
		return ArraySpec{}, fmt.Errorf("%s holds %v; no task takes complex numbers", d.Store, a.DType())
	}
	spatial := a.Spatial
	for _, axis := range spatial.Physical() {
		if axis < spatial.ChannelAxes {
			return ArraySpec{}, fmt.Errorf("%s: axes %v of types %v: channels must come first", d.Store, spatial.AxisNames, spatial.Types)
		}
	}
	spec := ArraySpec{Path: d.Store, Place: d.place(), Shape: a.Shape(), DType: a.DType(), Chunks: a.Chunks, Inner: a.Chunks, AxisNames: spatial.AxisNames,
		Units: spatial.Units, Types: spatial.Types, Neighborhood: coordinates(a.Neighborhood), Scratch: a.Scratch}
	var rounded []string
	var err error
	if spec.VoxelSize, spec.Offset, rounded, err = spatial.Rounded(); err != nil {
		return spec, fmt.Errorf("%s: %w", d.Store, err)
	}
	for _, w := range slices.Concat(spatial.Warnings, a.Warnings, rounded) {
		spec.Warnings = append(spec.Warnings, d.Store+": "+w)
	}
	if !spec.VoxelSize.All(func(v int) bool { return v > 0 }) {
		return spec, fmt.Errorf("%s: voxel_size %v is not positive", d.Store, spec.VoxelSize)
	}
	return spec, nil
}

func coordinates(offsets [][]int) []geometry.Coordinate {
	if offsets == nil {
		return nil
	}
	out := make([]geometry.Coordinate, len(offsets))
	for i, o := range offsets {
		out[i] = o
	}
	return out
}

// source opens the array that a dataset shows, of one in the store or of one that is planned.
func (s *Specs) source(ctx context.Context, d *Dataset) (lazy.Array, error) {
	if err := s.checkLUTs(d); err != nil {
		return lazy.Array{}, err
	}
	a, err := s.base(ctx, d)
	if err != nil {
		return a, err
	}
	return d.seen(ctx, a, s.source)
}

// base is source before the dataset's operations.
func (s *Specs) base(ctx context.Context, d *Dataset) (lazy.Array, error) {
	if spec, ok := s.arrays[d.Store]; ok {
		return planned(spec), checkOverrides(d, spec)
	}
	array, err := openStored(ctx, d)
	if err != nil {
		return lazy.Array{}, err
	}
	a, err := stored(array, d)
	if err != nil {
		_ = array.Close()
		return a, err
	}
	return a.Owning(array), nil
}

// openStored opens a dataset's array to plan with: not one whose chunks are gone.
func openStored(ctx context.Context, d *Dataset) (*zarr.Array, error) {
	array, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if m, err := ReadMarker(array); err == nil && m != nil && m.Consumed {
		_ = array.Close()
		return nil, fmt.Errorf("chunks of %s were deleted after they were consumed (keep: until_consumed of task %s, run %s); make it again before it is read again",
			d.Store, m.Task, m.Run)
	}
	return array, nil
}

// resolve describes what a dataset shows.
func (s *Specs) resolve(ctx context.Context, d *Dataset) (ArraySpec, error) {
	if len(d.operations()) > 0 {
		return s.resolveSeen(ctx, d)
	}
	if spec, ok := s.arrays[d.Store]; ok {
		return spec, checkOverrides(d, spec)
	}
	array, err := openStored(ctx, d)
	if err != nil {
		return ArraySpec{}, err
	}
	defer array.Close()
	return SpecOf(array, d)
}

// resolveSeen describes what a dataset with operations shows.
func (s *Specs) resolveSeen(ctx context.Context, d *Dataset) (ArraySpec, error) {
	if err := s.checkLUTs(d); err != nil {
		return ArraySpec{}, err
	}
	before, err := s.base(ctx, d)
	if err != nil {
		return ArraySpec{}, err
	}
	offsets := coordinates(before.Neighborhood)
	a, err := d.seen(ctx, before, s.source)
	if err != nil {
		return ArraySpec{}, err
	}
	defer a.Close()
	spec, err := specOf(a, d)
	if err != nil {
		return spec, err
	}
	if err := spec.checkExtent(); err != nil {
		return spec, fmt.Errorf("%s: %w", d.Store, err)
	}
	spec.StoredNeighborhood = offsets
	if written, ok := s.arrays[d.Store]; ok {
		spec.Region, err = regionSeen(written, spec, a.Moved, d)
	}
	return spec, err
}

// regionSeen returns what the task that writes an array covers of what operations show of it.
func regionSeen(written, spec ArraySpec, moved bool, d *Dataset) (geometry.Roi, error) {
	region := written.Region
	switch {
	case moved && !d.moves():
		return region, fmt.Errorf("%s is written by a task of this pipeline, and its operations take a slice of it along an axis of %v: write {slice: …} for that",
			d.Store, written.Types)
	case region.Empty() || region.Contains(written.ROI()):
		return geometry.Roi{}, nil
	case moved:
		return region, fmt.Errorf("the task that writes %s covers %v of it only, and operations that move voxels (flip, slice) need all of it", d.Store, region)
	}
	if region = region.Intersect(spec.ROI()); region.Empty() {
		return region, fmt.Errorf("the task that writes %s covers nothing of what its operations take", d.Store)
	}
	return region, nil
}
