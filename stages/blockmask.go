package stages

import (
	"context"
	"errors"
	"fmt"

	"volara/geometry"
	"volara/nd"
)

// checkMask completes a plan with what the task's mask asks for.
func (c *Shared) checkMask(ctx context.Context, in *Specs, p *Plan) error {
	mask, err := c.maskSpec(ctx, in, p.Grid.Dims())
	if err != nil || mask == nil {
		return err
	}
	p.Warnings = append(p.Warnings, mask.Warnings...)
	if !mask.ROI().Meets(p.Region) {
		p.warnf("mask_data covers %v, nothing of %v: every block is masked", mask.ROI(), p.Region)
	}
	look := geometry.Coordinate(mask.Shape[:mask.ChannelAxes()]).Prod() * mask.piece().Prod() * (mask.voxelBytes() + 8)
	p.BlockMemory = max(p.BlockMemory, look)
	return nil
}

// maskSpec describes the mask of a task whose blocks have dims dimensions; nil where it has none.
func (c *Shared) maskSpec(ctx context.Context, in *Specs, dims int) (*ArraySpec, error) {
	if c.MaskData == nil {
		return nil, nil
	}
	mask, err := in.Array(ctx, c.MaskData)
	switch {
	case err != nil:
		return nil, &FieldError{"mask_data", err}
	case mask.ChannelAxes() == 1 && mask.Shape[0] == 0:
		return nil, fieldErrorf("mask_data", "%s has no channels (shape %v)", mask.Path, mask.Shape)
	case mask.Dims() != dims || mask.ChannelAxes() > 1:
		return nil, fieldErrorf("mask_data", "%s has shape %v with %d spatial axes; the task has %d, and before them at most one axis of channels is possible",
			mask.Path, mask.Shape, mask.Dims(), dims)
	}
	return &mask, nil
}

// A blockMask stands before a task's processor: it knows the blocks that the task's mask excludes, and stores what such
// a block yields, the fill value in the task's arrays and nothing in its graph. A nil one excludes nothing. It is safe for
// concurrent use on distinct blocks.
type blockMask struct {
	mask    *openArray
	outputs []*openArray
	blank   func(context.Context) error // what else the task makes of nothing
}

// A blanker is a processor whose output, beside arrays, is not empty where it has computed nothing.
type blanker interface {
	blank(ctx context.Context) error
}

// openBlockMask opens the mask of a task for one worker; p is its processor. A task without a mask has none.
func openBlockMask(ctx context.Context, c *Shared, env *Env, p Processor) (*blockMask, error) {
	if c.MaskData == nil {
		return nil, nil
	}
	mask, err := openInput(ctx, c.MaskData, env)
	if err != nil {
		return nil, &FieldError{"mask_data", err}
	}
	m := &blockMask{mask: mask}
	if b, ok := p.(blanker); ok {
		m.blank = b.blank
	}
	for _, spec := range env.Plan.Arrays {
		out, err := openOutput(ctx, &Dataset{Store: spec.Path, at: spec.place()}, env)
		if err != nil {
			return nil, errors.Join(err, m.Close())
		}
		m.outputs = append(m.outputs, out)
	}
	return m, nil
}

// excludes reports whether no voxel of the mask meets the block's write ROI: what a block makes lies there, and what it
// reads around it only helps. What an excluded block yields is stored by then.
func (m *blockMask) excludes(ctx context.Context, b geometry.Block) (bool, error) {
	if m == nil {
		return false, nil
	}
	meets, err := m.mask.anyPositive(ctx, b.WriteROI)
	if err != nil {
		return false, fmt.Errorf("mask_data: %w", err)
	}
	if meets {
		return false, nil
	}
	for _, out := range m.outputs {
		if err := out.writeFill(ctx, b.WriteROI); err != nil {
			return false, err
		}
	}
	if m.blank != nil {
		if err := m.blank(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Close releases the arrays.
func (m *blockMask) Close() error {
	if m == nil {
		return nil
	}
	return closeAll(append(m.outputs, m.mask)...)
}

// lookAtOnce is how many voxels of a mask are looked at together, about.
const lookAtOnce = 1 << 20

// piece returns the shape, without channels, of what is read of a mask at once: whole chunks.
func (s ArraySpec) piece() geometry.Coordinate {
	piece, shape := geometry.Coordinate(s.Inner[s.ChannelAxes():]).Clone(), s.SpatialShape()
	for d := len(piece) - 1; d >= 0; d-- {
		for piece[d] < shape[d] && piece.Prod() < lookAtOnce/2 {
			piece[d] *= 2
		}
	}
	return piece
}

// anyPositive reports whether a voxel of a mask that meets a world region is positive, in all channels. It stops at the
// first piece that has one.
func (a *openArray) anyPositive(ctx context.Context, roi geometry.Roi) (bool, error) {
	zero := geometry.Fill(a.spec.Dims(), 0)
	box := a.spec.Voxels(roi).Intersect(geometry.NewRoi(zero, a.spec.SpatialShape()))
	if box.Empty() {
		return false, nil
	}
	piece := a.spec.piece()
	pieces, err := geometry.NewGrid(geometry.FromCorners(box.Offset.Div(piece).Mul(piece), box.End()), piece, zero, zero, geometry.FitShrink)
	if err != nil {
		return false, err
	}
	for i := range pieces.Len() {
		world := pieces.At(i).WriteROI.Intersect(box).Mul(a.spec.VoxelSize).Shift(a.spec.Offset)
		values, err := a.readFinite(ctx, world)
		if err != nil {
			return false, err
		}
		if anyPositive(values, a.spec.Dims()) {
			return true, nil
		}
	}
	return false, nil
}

// anyPositive reports whether a voxel is positive in all channels; dims is the number of axes that are no channels.
func anyPositive(a *nd.Array, dims int) bool {
	channels := len(a.Shape()) > dims
	if !channels && a.DType() == nd.Uint8 { // what masks mostly are
		for _, v := range nd.Values[uint8](a) {
			if v != 0 {
				return true
			}
		}
		return false
	}
	values := asFloat64(a)
	if channels {
		values = minChannels(values, a.Shape()[0])
	}
	for _, v := range values {
		if v > 0 {
			return true
		}
	}
	return false
}
