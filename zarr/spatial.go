package zarr

import (
	"fmt"
	"math"
	"slices"

	"volara/fault"
	"volara/geometry"
)

// Spatial places an array in the world. Axes of type "space" and "time" are physical, all others are channels.
type Spatial struct {
	// VoxelSize and Offset have one number for each physical axis, in world units, in the order of the axes.
	VoxelSize, Offset []float64
	// AxisNames, Units and Types have one string for each axis; the unit of a channel axis is "".
	AxisNames, Units, Types []string
	// ChannelAxes is the number of axes that are not physical.
	ChannelAxes int
	// Warnings says what is odd but can be read.
	Warnings []string
}

// Overrides replace what an array says of itself; nil leaves a value as it is.
type Overrides struct {
	VoxelSize, Offset       []float64
	AxisNames, Units, Types []string
	// Names are the attributes to read; the zero value means the usual ones.
	Names AttributeNames
	// UseResolution takes the legacy attribute "resolution" where there is no voxel size.
	UseResolution bool
}

// Spatial returns the array's place in the world, by the rules of funlib.persistence: the attributes voxel_size,
// offset, axis_names, units and types; values given for every axis lose those of the channels; without types the axes
// whose name ends in "^" are channels; without names the leading axes are, as far as fewer values than axes are given;
// what is missing is voxel size 1, offset 0, unit "". An array with none of these attributes that belongs to an
// OME-Zarr image is placed by the image's axes, scale and translation instead.
//
// Unlike there, voxel size and offset may be fractions; see Rounded.
func (a *Array) Spatial(o Overrides) (Spatial, error) {
	m := a.metadata()
	p, err := placementOf(m, a.level, o)
	if a.noLevel != nil {
		p.warnings = append(p.warnings, fmt.Sprintf("the image above the array is ignored: %v", a.noLevel))
	}
	if err != nil {
		return Spatial{}, fault.Permanent(fmt.Errorf("%s: %w", a.path, err))
	}
	s, err := p.resolve(len(m.Shape))
	if err != nil {
		return Spatial{}, fault.Permanent(fmt.Errorf("%s: %w", a.path, err))
	}
	return s, nil
}

// Physical lists the axes that are not channels, in order.
func (s Spatial) Physical() []int {
	var axes []int
	for i, t := range s.Types {
		if isPhysical(t) {
			axes = append(axes, i)
		}
	}
	return axes
}

// Rounded returns voxel size and offset as whole numbers, with a warning for each that had to be rounded. A voxel size
// that would become 0 is an error.
func (s Spatial) Rounded() (voxelSize, offset geometry.Coordinate, warnings []string, err error) {
	round := func(what string, list []float64) geometry.Coordinate {
		c := make(geometry.Coordinate, len(list))
		for i, v := range list {
			c[i] = int(math.Round(v))
			if float64(c[i]) != v {
				warnings = append(warnings, fmt.Sprintf("%s %v is rounded to %d", what, v, c[i]))
			}
		}
		return c
	}
	voxelSize, offset = round("voxel size", s.VoxelSize), round("offset", s.Offset)
	for i, n := range voxelSize {
		if n < 1 {
			return nil, nil, nil, fmt.Errorf("voxel size %v must be a whole number here and would be rounded to %d; "+
				"give voxel_size and offset in a smaller unit", s.VoxelSize[i], n)
		}
	}
	return voxelSize, offset, warnings, nil
}

// Attributes returns the attributes that place a new array so, as funlib.persistence writes them.
func (s Spatial) Attributes() map[string]any {
	units := []string{}
	for _, axis := range s.Physical() {
		units = append(units, s.Units[axis])
	}
	return map[string]any{
		"voxel_size": slices.Concat([]float64{}, s.VoxelSize),
		"offset":     slices.Concat([]float64{}, s.Offset),
		"axis_names": slices.Concat([]string{}, s.AxisNames),
		"units":      units,
		"types":      slices.Concat([]string{}, s.Types),
	}
}

func isPhysical(axisType string) bool { return axisType == "space" || axisType == "time" }
