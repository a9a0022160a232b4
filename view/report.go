package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Middle returns where the viewer looks at first: in nanometres, slowest axis first (z, y, x), and in the voxels of the
// finest layer, as the viewer shows them (x, y, z). Axes beyond space follow as t in seconds, and frames.
func (s *Scene) Middle() (nanometres, voxels string) {
	var world, viewer []string
	var names []string
	for i, d := range s.dims {
		v := s.middle[i] * d.scale
		if d.unit == "m" {
			v *= 1e9
		}
		world = append(world, strconv.FormatFloat(v, 'g', 10, 64))
		viewer = append(viewer, strconv.FormatFloat(s.middle[i], 'g', 10, 64))
		names = append(names, d.name)
	}
	space := 0
	for space < len(s.dims) && s.dims[space].unit == "m" {
		space++
	}
	reversed := slices.Clone(names)
	slices.Reverse(world[:space])
	slices.Reverse(reversed[:space])
	return fmt.Sprintf("%s (%s)", strings.Join(world, ", "), strings.Join(reversed, ", ")),
		fmt.Sprintf("%s (%s)", strings.Join(viewer, ", "), strings.Join(names, ", "))
}

// VoxelSize returns the layer's voxel size and offset in nanometres (seconds for time), in the array's order of axes.
func (l *Layer) VoxelSize() (size, offset string) {
	var sizes, offsets []string
	for _, a := range l.axes {
		if !a.channel() {
			begin, scale := a.inNanometres()
			sizes = append(sizes, strconv.FormatFloat(scale, 'g', 6, 64))
			offsets = append(offsets, strconv.FormatFloat(begin, 'g', 9, 64))
		}
	}
	return strings.Join(sizes, ", "), strings.Join(offsets, ", ")
}
