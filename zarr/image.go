package zarr

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"volara/fault"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// WriteImage makes the group at a node an OME-Zarr image of arrays below it, the finest first: axes, scales and
// translations are those of the arrays' own attributes (see Spatial), names those of their dimensions where they have
// such; all else is image's. The version is 0.5 for arrays
// of zarr v3 and 0.4 for those of v2. Arrays of different format or axes are an error.
func WriteImage(ctx context.Context, n *store.Node, paths []string, image ngff.Image) error {
	format := 0
	image.Axes, image.Levels = nil, nil
	for _, p := range paths {
		child, err := n.Child(p)
		if err != nil {
			return fault.Permanent(err)
		}
		a, err := OpenStore(ctx, child.Store, child.Prefix)
		if err != nil {
			return fmt.Errorf("writing the image %s: %w", n, err)
		}
		s, err := a.Spatial(Overrides{})
		if err != nil {
			return err
		}
		l, m := s.Level(p), a.metadata()
		if !slices.Contains(m.DimensionNames, "") {
			for i, name := range m.DimensionNames { // 0.5 demands that the axes have these names
				l.Axes[i].Name = name
			}
		}
		if format != 0 && (m.Format != format || !slices.Equal(l.Axes, image.Axes)) {
			return fault.Permanent(fmt.Errorf("writing the image %s: %s is of zarr v%d with axes %v, the levels before of v%d with %v",
				n, a.path, m.Format, l.Axes, format, image.Axes))
		}
		format, image.Axes = m.Format, l.Axes
		image.Levels = append(image.Levels, l)
	}
	if format == 0 {
		return fault.Permanent(fmt.Errorf("writing the image %s: no arrays are given", n))
	}
	return ngff.WriteImage(ctx, n, format, image)
}

// Level returns the same place as OME-Zarr has it: with a scale and a translation for every axis, names without "^", and
// units as they are called there.
func (s Spatial) Level(path string) ngff.Level {
	l := ngff.Level{Path: path, Axes: make([]ngff.Axis, len(s.Types)), Scale: make([]float64, len(s.Types)), Translation: make([]float64, len(s.Types))}
	for i, kind := range s.Types {
		l.Axes[i] = ngff.Axis{Name: strings.TrimSuffix(s.AxisNames[i], "^"), Type: kind, Unit: s.Units[i]}
		if unit, ok := ngff.UnitName(s.Units[i]); ok {
			l.Axes[i].Unit = unit
		}
		l.Scale[i] = 1
	}
	for i, axis := range s.Physical() {
		l.Scale[axis], l.Translation[axis] = s.VoxelSize[i], s.Offset[i]
	}
	return l
}
