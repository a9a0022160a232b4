package stages

import (
	"fmt"

	"volara/fault"
	"volara/geometry"
	"volara/kernels"
	"volara/nd"
)

// checkFinite refuses values that no order can be given to, naming the first one: NaN and infinities of a float array
// that was read from a world region of the array described.
func checkFinite(spec ArraySpec, roi geometry.Roi, a *nd.Array) error {
	at := -1
	switch a.DType() {
	case nd.Float32:
		at = kernels.FirstNotFinite(nd.Values[float32](a))
	case nd.Float64, nd.Float16:
		at = kernels.FirstNotFinite(asFloat64(a))
	}
	if at < 0 {
		return nil
	}
	voxel := make(geometry.Coordinate, len(a.Shape()))
	for d, rest := len(voxel)-1, at; d >= 0; d-- {
		voxel[d], rest = rest%a.Shape()[d], rest/a.Shape()[d]
	}
	channels := spec.ChannelAxes()
	where := fmt.Sprintf("voxel %v", voxel[channels:].Add(spec.Voxels(roi).Offset))
	if channels == 1 {
		where = fmt.Sprintf("channel %d, %s", voxel[0], where)
	}
	return fault.Permanent(fmt.Errorf("%s holds NaN or infinity at %s", spec.Path, where))
}
