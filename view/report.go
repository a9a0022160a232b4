package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Coordinate says where the viewer looks at first along an axis.
type Coordinate struct {
	Axis  string  `json:"axis"`
	World float64 `json:"world"` // in Unit
	Unit  string  `json:"unit"`  // nm or s
	Voxel float64 `json:"voxel"` // of the finest layer, as the viewer shows it
}

// Middle returns where the viewer looks at first, in its order of axes: x, y, z.
func (s *Scene) Middle() []Coordinate {
	list := make([]Coordinate, len(s.dims))
	for i, d := range s.dims {
		_, scale := d.inNanometres()
		list[i] = Coordinate{d.name, s.middle[i] * scale, "s", s.middle[i]}
		if d.unit == "m" {
			list[i].Unit = "nm"
		}
	}
	return list
}

// DescribeMiddle returns where the viewer looks at first: in nanometres, slowest axis first (z, y, x), with seconds behind
// them, and in voxels as the viewer shows them (x, y, z, t).
func (s *Scene) DescribeMiddle() (world, voxels string) {
	middle := s.Middle()
	var at, names, parts []string
	for _, c := range middle {
		at, names = append(at, number(c.Voxel)), append(names, c.Axis)
	}
	voxels = fmt.Sprintf("%s (%s)", strings.Join(at, ", "), strings.Join(names, ", "))
	for _, unit := range []string{"nm", "s"} {
		at, names = nil, nil
		for _, c := range middle {
			if c.Unit == unit {
				at, names = append(at, number(c.World)), append(names, c.Axis)
			}
		}
		slices.Reverse(at)
		slices.Reverse(names)
		if at != nil {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", strings.Join(at, ", "), unit, strings.Join(names, ", ")))
		}
	}
	return strings.Join(parts, ", "), voxels
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 10, 64) }

// An Axis is an axis of a layer, as the viewer has it.
type Axis struct {
	Name      string   `json:"name"` // in the viewer: x, y, z, t; c^ and c' are channels
	Size      int      `json:"size"`
	Unit      string   `json:"unit,omitempty"`       // nm or s; "" for channels
	VoxelSize *float64 `json:"voxel_size,omitempty"` // nil for channels
	Offset    *float64 `json:"offset,omitempty"`
}

// Axes returns the layer's axes, in the array's order.
func (l *Layer) Axes() []Axis {
	list := make([]Axis, len(l.axes))
	for i, a := range l.axes {
		list[i] = Axis{Name: a.name, Size: a.size}
		if !a.channel() {
			begin, scale := a.inNanometres()
			list[i].Unit, list[i].VoxelSize, list[i].Offset = "s", &scale, &begin
			if a.unit == "m" {
				list[i].Unit = "nm"
			}
		}
	}
	return list
}

// VoxelSize returns the layer's voxel size and offset in nanometres (seconds for time), in the array's order of axes.
func (l *Layer) VoxelSize() (size, offset string) {
	var sizes, offsets []string
	for _, a := range l.Axes() {
		if a.Unit == "" {
			continue
		}
		suffix := ""
		if a.Unit == "s" {
			suffix = " s"
		}
		sizes = append(sizes, strconv.FormatFloat(*a.VoxelSize, 'g', 6, 64)+suffix)
		offsets = append(offsets, strconv.FormatFloat(*a.Offset, 'g', 9, 64)+suffix)
	}
	return strings.Join(sizes, ", "), strings.Join(offsets, ", ")
}
