package volume

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"volara/zarr"
)

// A Region is a part of an array as a person gives it: in voxels or in world units, along all axes or along the
// physical ones only. The zero Region is everything.
type Region struct {
	// Voxels has a range for every axis, or for every axis of space and time.
	Voxels []Span
	// World has a range in world units for every axis of space and time.
	World []Span
}

// A Span is a half-open range; infinite ends reach as far as the array does.
type Span struct{ Begin, End float64 }

// IsZero reports whether the region is everything.
func (r Region) IsZero() bool { return r.Voxels == nil && r.World == nil }

// maxVoxel is the largest number in a range of voxels: whole numbers up to it are exact.
const maxVoxel = 1 << 53

// ParseVoxels reads ranges of voxels: BEGIN:END for each axis, separated by commas; either number may be missing, and a
// lone number is one voxel.
func ParseVoxels(text string) ([]Span, error) {
	return parseSpans(text, func(number string) (float64, error) {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 || n > maxVoxel {
			return 0, fmt.Errorf("%q is not a number of voxels", number)
		}
		return float64(n), nil
	})
}

// ParseWorld reads ranges in world units: BEGIN:END for each axis of space and time.
func ParseWorld(text string) ([]Span, error) {
	return parseSpans(text, func(number string) (float64, error) {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > maxVoxel {
			return 0, fmt.Errorf("%q is not a position in world units", number)
		}
		return v, nil
	})
}

func parseSpans(text string, number func(string) (float64, error)) ([]Span, error) {
	var spans []Span
	for axis := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
		axis = strings.TrimSpace(axis)
		s := Span{math.Inf(-1), math.Inf(1)}
		from, to, isRange := strings.Cut(axis, ":")
		var err error
		if from != "" {
			if s.Begin, err = number(from); err != nil {
				return nil, err
			}
		}
		switch {
		case !isRange && from == "":
			return nil, fmt.Errorf("a range is missing; : alone is all of an axis")
		case !isRange:
			s.End = s.Begin + 1
		case to != "":
			if s.End, err = number(to); err != nil {
				return nil, err
			}
		}
		if s.Begin >= s.End {
			return nil, fmt.Errorf("%q is empty", axis)
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// Box returns the voxels of the array that the region covers, in part at least. Voxels must lie in the array; world
// units may reach beyond it. What covers nothing is an *InputError.
func (r Region) Box(a *Array) (Box, error) {
	shape := a.Shape()
	b := Whole(shape)
	if r.IsZero() {
		return b, nil
	}
	place, err := a.Place()
	if err != nil {
		return b, err
	}
	if r.Voxels != nil {
		if b, err = r.cutVoxels(b, place); err != nil {
			return b, err
		}
	}
	if r.World != nil {
		return r.cutWorld(b, place)
	}
	return b, nil
}

func (r Region) cutVoxels(b Box, place zarr.Spatial) (Box, error) {
	axes := place.Physical()
	switch len(r.Voxels) {
	case len(b.Shape):
		axes = axes[:0:0]
		for d := range b.Shape {
			axes = append(axes, d)
		}
	case len(axes):
	default:
		return b, Refuse("%d ranges of voxels for an array of shape %v with the axes %s", len(r.Voxels), b.Shape, axisList(place))
	}
	for i, axis := range axes {
		n := float64(b.Shape[axis])
		begin, end := max(r.Voxels[i].Begin, 0), r.Voxels[i].End
		if math.IsInf(end, 1) {
			end = n
		}
		if begin >= end || end > n {
			return b, Refuse("voxels %v to %v of axis %s: the array of shape %v has %d there", begin, end, place.AxisNames[axis], b.Shape, b.Shape[axis])
		}
		b.Offset[axis], b.Shape[axis] = int(begin), int(end-begin)
	}
	return b, nil
}

// slack is how near to a voxel's face a position is taken to be on it, in voxels: world units are seldom exact.
const slack = 1e-6

// VoxelAt returns the voxel along an axis that a position in the world lies in: a whole number, of any size. A position that
// lies on a face but for rounding is the first of the voxel behind it.
func VoxelAt(position, offset, voxelSize float64) float64 {
	return math.Floor((position-offset)/voxelSize + slack)
}

// cutWorld crops the box to the voxels that the world region meets.
func (r Region) cutWorld(b Box, place zarr.Spatial) (Box, error) {
	axes := place.Physical()
	if len(r.World) != len(axes) {
		return b, Refuse("%d ranges of world units for an array with the axes %s, of which %d are of space or time", len(r.World), axisList(place), len(axes))
	}
	whole := slices.Clone(b.Shape)
	for i, axis := range axes {
		lo := VoxelAt(r.World[i].Begin, place.Offset[i], place.VoxelSize[i])
		hi := (r.World[i].End - place.Offset[i]) / place.VoxelSize[i]
		from, to := float64(b.Offset[axis]), float64(b.Offset[axis]+b.Shape[axis])
		from, to = max(from, lo), min(to, math.Ceil(hi-slack))
		if from >= to {
			return b, Refuse("%v to %v along %s: the array lies from %v to %v there", r.World[i].Begin, r.World[i].End, place.AxisNames[axis],
				place.Offset[i], place.Offset[i]+float64(whole[axis])*place.VoxelSize[i])
		}
		b.Offset[axis], b.Shape[axis] = int(from), int(to-from)
	}
	return b, nil
}

func axisList(place zarr.Spatial) string { return strings.Join(place.AxisNames, ", ") }
