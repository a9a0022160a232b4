package view

import (
	"fmt"
	"slices"
	"strings"

	"volara/zarr"
	"volara/zarr/ngff"
)

// An axis is one axis of a layer, in the array's order, as the viewer has it.
type axis struct {
	name   string  // in the viewer: x, y, z and t are shared by all layers; c^ are channels, c' is one that is chosen from
	scale  float64 // of a voxel, in unit
	unit   string  // m, s or ""
	begin  float64 // of the first voxel's lower face, in unit
	offset float64 // the same in voxels
	size   int     // in voxels
}

// channel reports whether the axis is neither of space nor of time.
func (a axis) channel() bool { return strings.HasSuffix(a.name, "^") || strings.HasSuffix(a.name, "'") }

// extent returns where the axis begins and ends, in unit.
func (a axis) extent() (from, to float64) { return a.begin, a.begin + float64(a.size)*a.scale }

// maxShown is the largest number of channels that a shader is given at once: the viewer keeps them in one chunk.
const maxShown = 32

// placed returns the axes of an array. Axes of space without a unit are in nanometres, as in connectomics; the notes tell of
// units that are not known.
func placed(shape []int, s zarr.Spatial, kind Kind) (axes []axis, notes []string, err error) {
	names := viewerNames(s, kind, shape)
	physical := 0
	for d, size := range shape {
		a := axis{name: names[d], scale: 1, size: size}
		if !a.channel() {
			var known bool
			a.scale, a.unit, known = inSI(s.VoxelSize[physical], s.Units[d], s.Types[d])
			a.begin, _, _ = inSI(s.Offset[physical], s.Units[d], s.Types[d])
			a.offset = s.Offset[physical] / s.VoxelSize[physical]
			if !known {
				notes = append(notes, fmt.Sprintf("the unit %q of axis %s is not known; nanometres (or seconds) are taken", s.Units[d], s.AxisNames[d]))
			}
			physical++
		}
		axes = append(axes, a)
	}
	if physical == 0 {
		return nil, nil, fmt.Errorf("no axis is of space or time: %v", s.AxisNames)
	}
	return axes, notes, nil
}

// viewerNames names the axes. Those of space keep the names x, y and z; where they have others the last three are z, y, x
// by their order, for layers meet by name.
func viewerNames(s zarr.Spatial, kind Kind, shape []int) []string {
	names := make([]string, len(shape))
	var space []int
	channels, product := 0, 1
	for d, t := range s.Types {
		switch t {
		case "space":
			space = append(space, d)
		case "time":
			names[d] = "t"
		default:
			channels, product = channels+1, product*shape[d]
		}
	}
	suffix := "^"
	if kind == Labels || product > maxShown {
		suffix = "'"
	}
	for d, number := 0, 0; d < len(shape); d++ {
		if s.Types[d] != "space" && s.Types[d] != "time" {
			names[d] = "c" + suffix
			if channels > 1 {
				names[d] = fmt.Sprintf("c%d%s", number, suffix)
				number++
			}
		}
	}
	common := []string{"x", "y", "z"}
	keep := !slices.ContainsFunc(space, func(d int) bool { return !slices.Contains(common, strings.ToLower(s.AxisNames[d])) })
	for i, d := range space {
		back := len(space) - 1 - i // counted from the last axis
		names[d] = fmt.Sprintf("s%d", i)
		if back < len(common) {
			names[d] = common[back]
		}
	}
	if keep {
		kept := slices.Clone(names)
		for _, d := range space {
			kept[d] = strings.ToLower(s.AxisNames[d])
		}
		if distinct(kept) {
			return kept
		}
	}
	return unique(names)
}

func distinct(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) == len(names)
}

// unique changes names that were given before: two axes of time.
func unique(names []string) []string {
	seen := map[string]bool{}
	for i, n := range names {
		for k := 1; seen[names[i]]; k++ {
			names[i] = fmt.Sprintf("%s%d", n, k)
		}
		seen[names[i]] = true
	}
	return names
}

// inSI converts to metres or seconds. A unit that is not given is a nanometre, or a second; so is, with ok false, one that is
// not known.
func inSI(v float64, unit, axisType string) (si float64, name string, ok bool) {
	base, name, usual := "meter", "m", "nanometer"
	if axisType == "time" {
		base, name, usual = "second", "s", "second"
	}
	if unit == "" {
		unit = usual
	}
	if si, err := ngff.Convert(v, unit, base); err == nil {
		return si, name, true
	}
	si, _ = ngff.Convert(v, usual, base) // which are known
	return si, name, false
}

// inNanometres is where an axis begins and how large its voxels are, in the units of images' metadata: nanometres, seconds
// and, of channels, numbers.
func (a axis) inNanometres() (begin, scale float64) {
	if a.unit != "m" {
		return a.begin, a.scale
	}
	begin, err1 := ngff.Convert(a.begin, "meter", "nanometer")
	scale, err2 := ngff.Convert(a.scale, "meter", "nanometer")
	if err1 != nil || err2 != nil {
		panic("view: meter and nanometer are units") // of package ngff
	}
	return begin, scale
}
