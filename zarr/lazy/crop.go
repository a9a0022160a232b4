package lazy

import (
	"context"
	"fmt"
	"math"

	"volara/config"
	"volara/geometry"
)

// Crop keeps what lies in a region of the world, given as [offset, shape] in world units along the axes of space and
// time. The region must start and end on whole voxels; what of it lies beyond the array is left out.
type Crop struct{ ROI geometry.Roi }

// Name is the operation's name in files.
func (Crop) Name() string { return "crop" }

// Argument is [offset, shape].
func (op Crop) Argument() any { return op.ROI }

// DecodeNode reads [offset, shape].
func (op *Crop) DecodeNode(n *config.Node) error {
	if n.IsNull() {
		return n.Errorf("a region is needed: {crop: [[0, 0, 0], [1000, 1000, 1000]]}, offset and shape in world units")
	}
	if err := n.Decode(&op.ROI); err != nil {
		return err
	}
	if op.ROI.Empty() {
		return n.Errorf("the region is empty: every value of its shape must be 1 or more")
	}
	return nil
}

// Apply crops.
func (op Crop) Apply(_ context.Context, a Array) (Array, error) {
	physical := a.Spatial.Physical()
	if len(physical) != op.ROI.Dims() {
		return a, fmt.Errorf("the region has %d dimensions, the array %d of space and time", op.ROI.Dims(), len(physical))
	}
	picks := wholePicks(a.Shape())
	for k, d := range physical {
		begin, end := float64(op.ROI.Offset[k]), float64(op.ROI.Offset[k])+float64(op.ROI.Shape[k])
		first, err := a.voxelAt(begin, k)
		if err != nil {
			return a, err
		}
		last, err := a.voxelAt(end, k)
		if err != nil {
			return a, err
		}
		first, last = max(first, 0), min(last, float64(a.Shape()[d]))
		if first >= last {
			return a, fmt.Errorf("from %v to %v along %s nothing lies in the array", begin, end, a.Spatial.AxisNames[d])
		}
		picks[d] = pick{start: int(first), step: 1, n: int(last - first)}
	}
	return a.selected(picks), nil
}

// voxelAt returns the number of the voxel that starts at a place along a physical axis.
func (a Array) voxelAt(world float64, k int) (float64, error) {
	voxel, offset := a.Spatial.VoxelSize[k], a.Spatial.Offset[k]
	at := (world - offset) / voxel
	whole := math.Round(at)
	if math.Abs(at-whole) > 1e-6*max(1, math.Abs(at)) && math.Abs(at-whole) > 1e-6 {
		return 0, fmt.Errorf("%v lies within a voxel: voxels start at %v and are %v wide along %s", world, offset, voxel,
			a.Spatial.AxisNames[a.Spatial.Physical()[k]])
	}
	return whole, nil
}
