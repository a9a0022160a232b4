package lazy

import (
	"fmt"
	"slices"
	"strings"

	"volara/zarr"
)

// An axis is one of an array's, with its place in the world where it is physical.
type axis struct {
	name, unit, kind string
	physical         bool
	voxel, offset    float64
}

// axesOf takes a placement apart.
func axesOf(s zarr.Spatial) []axis {
	axes := make([]axis, len(s.Types))
	for i := range axes {
		axes[i] = axis{name: s.AxisNames[i], unit: s.Units[i], kind: s.Types[i]}
	}
	for k, i := range s.Physical() {
		axes[i].physical, axes[i].voxel, axes[i].offset = true, s.VoxelSize[k], s.Offset[k]
	}
	return axes
}

// placed puts axes together; what else the placement says stays.
func placed(s zarr.Spatial, axes []axis) zarr.Spatial {
	out := zarr.Spatial{Warnings: s.Warnings}
	for _, x := range axes {
		out.AxisNames, out.Units, out.Types = append(out.AxisNames, x.name), append(out.Units, x.unit), append(out.Types, x.kind)
		if x.physical {
			out.VoxelSize, out.Offset = append(out.VoxelSize, x.voxel), append(out.Offset, x.offset)
		} else {
			out.ChannelAxes++
		}
	}
	return out
}

// axisNamed returns the number of an axis given by its name or by its number, which counts from the end where it is
// negative. Names are compared without the ^ that funlib writes behind those of channels.
func axisNamed(s zarr.Spatial, ref any) (int, error) {
	n := len(s.AxisNames)
	switch ref := ref.(type) {
	case int64:
		if ref < -int64(n) || ref >= int64(n) {
			return 0, fmt.Errorf("there is no axis %d of %d, %v", ref, n, s.AxisNames)
		}
		return int(ref+int64(n)) % n, nil
	case string:
		bare := func(name string) string { return strings.TrimSuffix(name, "^") }
		i := slices.IndexFunc(s.AxisNames, func(name string) bool { return bare(name) == bare(ref) })
		if i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("no axis is named %q, only %v", ref, s.AxisNames)
	}
	return 0, fmt.Errorf("axis %v: a name or a number is needed", ref)
}
