package zarr

import (
	"fmt"
	"math"
	"slices"

	"volara/fault"
	"volara/geometry"
	"volara/zarr/ngff"
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
	// Unit is what world coordinates are converted to: a unit of length converts the axes of space, one of time those of
	// time. An axis without a unit is then an error. "" converts nothing.
	Unit string
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
	if err == nil && o.Unit != "" {
		err = s.convert(o.Unit)
	}
	if err != nil {
		return Spatial{}, fault.Permanent(fmt.Errorf("%s: %w", a.path, err))
	}
	return s, nil
}

// convert puts the axes that a unit can measure into that unit.
func (s *Spatial) convert(unit string) error {
	name, ok := ngff.UnitName(unit)
	if !ok {
		return fmt.Errorf("unit %q is not known; known are those of UDUNITS, such as nanometer, micrometer, angstrom, second", unit)
	}
	kind := "space"
	if ngff.IsTime(name) {
		kind = "time"
	}
	for i, axis := range s.Physical() {
		if s.Types[axis] != kind {
			continue
		}
		for _, v := range []*float64{&s.VoxelSize[i], &s.Offset[i]} {
			var err error
			if *v, err = ngff.Convert(*v, s.Units[axis], name); err != nil {
				return fmt.Errorf("converting axis %q to %s: %w; give units", s.AxisNames[axis], name, err)
			}
		}
		s.Units[axis] = name
	}
	return s.check()
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
				"have it converted to a smaller unit (world_unit: nanometer), or give voxel_size and offset", s.VoxelSize[i], n)
		}
	}
	return voxelSize, offset, warnings, nil
}

// Attributes returns the attributes that place a new array so, as funlib.persistence writes them by default.
func (s Spatial) Attributes() map[string]any { return s.AttributesAs(AttributeNames{}) }

// AttributesAs returns the attributes under other names; like funlib.persistence, it takes a name with slashes for what it
// is.
func (s Spatial) AttributesAs(names AttributeNames) map[string]any {
	names = names.orDefault()
	units := []string{}
	for _, axis := range s.Physical() {
		units = append(units, s.Units[axis])
	}
	return map[string]any{
		names.VoxelSize: slices.Concat([]float64{}, s.VoxelSize),
		names.Offset:    slices.Concat([]float64{}, s.Offset),
		names.AxisNames: slices.Concat([]string{}, s.AxisNames),
		names.Units:     units,
		names.Types:     slices.Concat([]string{}, s.Types),
	}
}

func isPhysical(axisType string) bool { return axisType == "space" || axisType == "time" }
