package zarr

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"volara/zarr/ngff"
)

// A placement is what is known before the gaps are filled; nil is unknown.
type placement struct {
	voxelSize, offset       []float64
	axisNames, units, types []string
	warnings                []string
}

// placementOf collects what overrides, attributes and image say. What is overridden is not even read.
func placementOf(m *Metadata, l *ngff.Level, o Overrides) (placement, error) {
	p := placement{voxelSize: o.VoxelSize, offset: o.Offset, axisNames: o.AxisNames, units: o.Units, types: o.Types}
	var own placement
	names := o.Names.orDefault()
	for _, f := range []struct {
		overridden bool
		name       string
		into       any
	}{
		{o.VoxelSize != nil, names.VoxelSize, &own.voxelSize},
		{o.Offset != nil, names.Offset, &own.offset},
		{o.AxisNames != nil, names.AxisNames, &own.axisNames},
		{o.Units != nil, names.Units, &own.units},
		{o.Types != nil, names.Types, &own.types},
	} {
		if f.overridden {
			continue
		}
		if err := fetch(m.Attributes, f.name, f.into); err != nil {
			return p, err
		}
	}
	if l != nil && own.unknown() {
		if err := own.fromLevel(l, len(m.Shape)); err != nil {
			return p, err
		}
	}
	p.adopt(own)
	return p, p.legacy(m, o.UseResolution)
}

// unknown reports whether nothing is known.
func (p *placement) unknown() bool {
	return p.voxelSize == nil && p.offset == nil && p.axisNames == nil && p.units == nil && p.types == nil
}

// adopt takes from q what p does not know.
func (p *placement) adopt(q placement) {
	if p.voxelSize == nil {
		p.voxelSize = q.voxelSize
	}
	if p.offset == nil {
		p.offset = q.offset
	}
	if p.axisNames == nil {
		p.axisNames = q.axisNames
	}
	if p.units == nil {
		p.units = q.units
	}
	if p.types == nil {
		p.types = q.types
	}
	p.warnings = append(p.warnings, q.warnings...)
}

// legacy deals with the attribute "resolution", which older tools wrote.
func (p *placement) legacy(m *Metadata, use bool) error {
	if _, ok := m.Attributes["resolution"]; !ok || p.voxelSize != nil {
		return nil
	}
	if !use {
		p.warnings = append(p.warnings, `the legacy attribute "resolution" is ignored; give voxel_size if it is meant`)
		return nil
	}
	return fetch(m.Attributes, "resolution", &p.voxelSize)
}

// fromLevel takes everything from an OME-Zarr image.
func (p *placement) fromLevel(l *ngff.Level, dims int) error {
	axes := l.AxesFor(dims)
	if axes == nil {
		return fmt.Errorf("%s: %d axes, a scale of %v and a translation of %v for level %q, which has %d dimensions",
			l.File, len(l.Axes), l.Scale, l.Translation, l.Path, dims)
	}
	if l.Axes == nil {
		p.warnings = append(p.warnings, fmt.Sprintf("%s names no axes; t, c, z, y, x are meant", l.File))
	}
	if l.Scale == nil {
		p.warnings = append(p.warnings, fmt.Sprintf("%s gives no scale for level %q; 1 is used", l.File, l.Path))
	}
	for _, a := range axes {
		p.axisNames, p.types = append(p.axisNames, a.Name), append(p.types, a.Kind())
		p.units = append(p.units, a.Unit)
	}
	p.voxelSize, p.offset = l.Scale, l.Translation
	return nil
}

// resolve fills the gaps for an array of so many axes.
func (p placement) resolve(dims int) (Spatial, error) {
	if p.types == nil && p.axisNames != nil {
		for _, name := range p.axisNames {
			kind := "space"
			if strings.HasSuffix(name, "^") {
				kind = "channel"
			}
			p.types = append(p.types, kind)
		}
	}
	if p.types != nil && len(p.types) != dims || p.axisNames != nil && len(p.axisNames) != dims {
		return Spatial{}, fmt.Errorf("axis_names %q, types %q: not one entry for each of the %d axes of the array",
			p.axisNames, p.types, dims)
	}
	if err := p.stripChannels(); err != nil {
		return Spatial{}, err
	}
	physical, err := p.physicalAxes(dims)
	if err != nil {
		return Spatial{}, err
	}
	return p.fill(dims, physical)
}

// stripChannels shortens lists that have a value for every axis to the physical ones.
func (p *placement) stripChannels() error {
	if p.types == nil {
		return nil
	}
	var err error
	p.voxelSize, err = strip(p.types, p.voxelSize, "voxel_size", err)
	p.offset, err = strip(p.types, p.offset, "offset", err)
	p.units, err = strip(p.types, p.units, "units", err)
	return err
}

func strip[T any](types []string, list []T, what string, err error) ([]T, error) {
	var physical []int
	for i, t := range types {
		if isPhysical(t) {
			physical = append(physical, i)
		}
	}
	switch {
	case err != nil || list == nil || len(list) == len(physical):
		return list, err
	case len(list) != len(types):
		return nil, fmt.Errorf("%s %v: %d entries, neither one for each of the %d axes nor for each of the %d of type space or time",
			what, list, len(list), len(types), len(physical))
	}
	kept := make([]T, 0, len(physical))
	for _, i := range physical {
		kept = append(kept, list[i])
	}
	return kept, nil
}

// physicalAxes returns the number of physical axes, on which all that is known must agree.
func (p *placement) physicalAxes(dims int) (int, error) {
	n := -1
	agree := func(known bool, k int) bool {
		if known && n < 0 {
			n = k
		}
		return !known || n == k
	}
	fromTypes := 0
	for _, t := range p.types {
		if isPhysical(t) {
			fromTypes++
		}
	}
	ok := agree(p.types != nil, fromTypes) && agree(p.voxelSize != nil, len(p.voxelSize)) &&
		agree(p.offset != nil, len(p.offset)) && agree(p.units != nil, len(p.units))
	switch {
	case !ok:
		return 0, fmt.Errorf("how many axes are physical is ambiguous: voxel_size %v, offset %v, units %q, types %q",
			p.voxelSize, p.offset, p.units, p.types)
	case n < 0:
		return dims, nil
	case n > dims:
		return 0, fmt.Errorf("voxel_size %v, offset %v, units %q: more entries than the %d axes of the array",
			p.voxelSize, p.offset, p.units, dims)
	}
	return n, nil
}

// maxWorld is the largest voxel size and offset, in world units: beyond it, whole numbers are not exact.
const maxWorld = 1 << 53

// fill puts defaults where nothing is known, and checks the numbers.
func (p *placement) fill(dims, physical int) (Spatial, error) {
	s := Spatial{
		VoxelSize: p.voxelSize, Offset: p.offset, AxisNames: p.axisNames, Types: p.types,
		ChannelAxes: dims - physical, Warnings: p.warnings,
	}
	if s.VoxelSize == nil {
		s.VoxelSize = slices.Repeat([]float64{1}, physical)
	}
	if s.Offset == nil {
		s.Offset = make([]float64, physical)
	}
	if s.Types == nil {
		s.Types = slices.Concat(slices.Repeat([]string{"channel"}, dims-physical), slices.Repeat([]string{"space"}, physical))
	}
	s.Units = make([]string, dims)
	for i, axis := range s.Physical() {
		if p.units != nil {
			s.Units[axis] = p.units[i]
		}
	}
	if s.AxisNames == nil {
		s.AxisNames = defaultAxisNames(s.Types)
	}
	return s, s.check()
}

// check verifies that voxel size and offset are within range.
func (s Spatial) check() error {
	for _, v := range s.VoxelSize {
		if !(v > 0) || math.IsInf(v, 0) {
			return fmt.Errorf("voxel_size %v: every voxel size must be a positive number", s.VoxelSize)
		}
		if v > maxWorld {
			return fmt.Errorf("voxel_size %v: out of range", s.VoxelSize)
		}
	}
	for _, v := range s.Offset {
		if math.IsNaN(v) || math.Abs(v) > maxWorld {
			return fmt.Errorf("offset %v: out of range", s.Offset)
		}
	}
	return nil
}

// defaultAxisNames counts channels as c0^, c1^ and physical axes as d0, d1.
func defaultAxisNames(types []string) []string {
	names, channels, physical := make([]string, len(types)), 0, 0
	for i, t := range types {
		if isPhysical(t) {
			names[i] = fmt.Sprintf("d%d", physical)
			physical++
		} else {
			names[i] = fmt.Sprintf("c%d^", channels)
			channels++
		}
	}
	return names
}
