package stages

import (
	"fmt"
	"slices"

	"volara/geometry"
)

// mostAlong is the largest number of voxels along an axis, so that world units do not overflow.
const mostAlong = 1 << 31

// checkVector demands one value an axis, each at least least.
func checkVector(field string, v geometry.Coordinate, dims, least int) error {
	if len(v) != dims {
		return fieldErrorf(field, "%v has %d values, the data %d axes", v, len(v), dims)
	}
	if !v.All(func(x int) bool { return x >= least }) {
		return fieldErrorf(field, "%v: every value must be %d or more", v, least)
	}
	if !v.All(func(x int) bool { return x <= mostAlong }) {
		return fieldErrorf(field, "%v: every value must be %d or less", v, mostAlong)
	}
	return nil
}

// product returns the number of voxels of a shape without negative components; false where it exceeds most.
func product(shape geometry.Coordinate, most int64) (int64, bool) {
	n := int64(1)
	for _, v := range shape {
		if v > 0 && n > most/int64(v) {
			return 0, false
		}
		n *= int64(v)
	}
	return n, true
}

// checkAffinities demands one channel axis and one offset a channel, in the configuration or on the array, the same
// where they are in both.
func checkAffinities(d *Dataset, affs ArraySpec) error {
	fail := func(format string, args ...any) error {
		return fieldErrorf("affs_data", "%s: %w", d.Store, fmt.Errorf(format, args...))
	}
	if affs.ChannelAxes() != 1 {
		return fail("affinities have one channel axis and then space; shape %v has %d channel axes and %d spatial ones (by voxel_size, axis_names and types)",
			affs.Shape, affs.ChannelAxes(), affs.Dims())
	}
	d.settleNeighborhood(affs)
	own := d.Neighborhood
	switch {
	case own == nil && affs.StoredNeighborhood != nil:
		return fail("its operations leave no neighborhood of %v: an offset would be no whole number of voxels, or belong to no channel", affs.StoredNeighborhood)
	case own == nil && affs.Neighborhood == nil:
		return fail("no neighborhood: give the affinities' offsets here (neighborhood: [[1, 0, 0], …]) or as the array's attribute `neighborhood`")
	case own == nil:
		own = affs.Neighborhood
	case affs.Neighborhood != nil && !slices.EqualFunc(own, affs.Neighborhood, geometry.Coordinate.Equal):
		return fail("neighborhood %v disagrees with the array's own attribute, %v", own, affs.Neighborhood)
	}
	if len(own) != affs.Shape[0] {
		return fail("%d channels, but the neighborhood has %d offsets", affs.Shape[0], len(own))
	}
	for _, o := range own {
		if len(o) != affs.Dims() {
			return fail("offset %v of the neighborhood has %d components, the data %d axes", o, len(o), affs.Dims())
		}
		if o.All(func(v int) bool { return v == 0 }) {
			return fail("offset %v of the neighborhood joins a voxel to itself", o)
		}
	}
	return nil
}

// settleNeighborhood makes the dataset's offsets those of the array as it is seen: the array's own where it gives none or
// gives those of the array in the store.
func (d *Dataset) settleNeighborhood(affs ArraySpec) {
	if !d.settled && d.Neighborhood != nil && slices.EqualFunc(d.Neighborhood, affs.StoredNeighborhood, geometry.Coordinate.Equal) {
		d.Neighborhood = nil
	}
	if d.Neighborhood == nil {
		d.Neighborhood = affs.Neighborhood
	}
	d.settled = true
}

// checkLabels demands an integer array without channels.
func checkLabels(field string, s ArraySpec) error {
	if !s.DType.IsInteger() {
		return fieldErrorf(field, "%s holds %v; labels are integers", s.Path, s.DType)
	}
	if s.ChannelAxes() != 0 {
		return fieldErrorf(field, "%s has %d channel axes (shape %v); labels have none", s.Path, s.ChannelAxes(), s.Shape)
	}
	return nil
}

// checkSameVoxels demands that two arrays lie on the same voxels.
func checkSameVoxels(field string, s, ref ArraySpec) error {
	switch {
	case s.Dims() != ref.Dims():
		return fieldErrorf(field, "%s has %d spatial axes, %s %d", s.Path, s.Dims(), ref.Path, ref.Dims())
	case !s.VoxelSize.Equal(ref.VoxelSize):
		return fieldErrorf(field, "%s has voxel size %v, %s %v", s.Path, s.VoxelSize, ref.Path, ref.VoxelSize)
	case !s.VoxelSize.Divides(s.Offset.Sub(ref.Offset)):
		return fieldErrorf(field, "the offsets of %s, %v, and %s, %v, differ by a part of a voxel", s.Path, s.Offset, ref.Path, ref.Offset)
	}
	return nil
}

func containsOffset(offsets []geometry.Coordinate, o geometry.Coordinate) bool {
	return slices.ContainsFunc(offsets, o.Equal)
}

func ints(offsets []geometry.Coordinate) [][]int {
	if offsets == nil {
		return nil
	}
	out := make([][]int, len(offsets))
	for i, o := range offsets {
		out[i] = o
	}
	return out
}
