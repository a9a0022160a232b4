package stages

import (
	"context"
	"slices"

	"volara/geometry"
	"volara/nd"
)

// readNearest returns the values of an array (channels first) at the voxels of another grid: those of voxelSize world
// units that make up a region. Each gets the value of the voxel that holds its centre, 0 where there is none. Values that
// are not finite are an error.
func (a *openArray) readNearest(ctx context.Context, roi geometry.Roi, voxelSize geometry.Coordinate) (*nd.Array, error) {
	if a.spec.VoxelSize.Equal(voxelSize) && voxelSize.Divides(roi.Offset.Sub(a.spec.Offset)) {
		return a.readFinite(ctx, roi)
	}
	s := newSampling(a, roi, voxelSize)
	return s.out, s.read(ctx, geometry.NewRoi(geometry.Fill(a.spec.Dims(), 0), roi.Shape.Div(voxelSize)))
}

// readFinite returns all channels of a world region; outside the array is 0. Values that are not finite are an error.
func (a *openArray) readFinite(ctx context.Context, roi geometry.Roi) (*nd.Array, error) {
	values, err := a.read(ctx, roi)
	if err == nil {
		err = checkFinite(a.spec, roi, values)
	}
	return values, err
}

// A sampling is one readNearest.
type sampling struct {
	a    *openArray
	most int64     // voxels of the array to be read at once, about
	out  *nd.Array // channels first
	from [][]int   // along each axis: the voxel of the array for each voxel of out, growing
}

func newSampling(a *openArray, roi geometry.Roi, voxelSize geometry.Coordinate) *sampling {
	shape := roi.Shape.Div(voxelSize)
	s := &sampling{a: a, most: lookAtOnce, out: nd.New(a.spec.DType, slices.Concat(a.spec.Shape[:a.spec.ChannelAxes()], shape)...)}
	for d, n := range shape {
		s.from = append(s.from, make([]int, n))
		for i := range s.from[d] {
			// Twice the centre, so that it is whole.
			centre := 2*(roi.Offset[d]+i*voxelSize[d]-a.spec.Offset[d]) + voxelSize[d]
			s.from[d][i] = geometry.FloorDiv(centre, 2*a.spec.VoxelSize[d])
		}
	}
	return s
}

// read fills a box of out, in parts where that needs much of the array.
func (s *sampling) read(ctx context.Context, box geometry.Roi) error {
	if box.Empty() {
		return nil
	}
	source, longest := s.source(box), -1
	for d, n := range box.Shape {
		if n > 1 && (longest < 0 || source.Shape[d] > source.Shape[longest]) {
			longest = d
		}
	}
	if source.Size() <= s.most || longest < 0 {
		values, err := s.a.readFinite(ctx, source.Mul(s.a.spec.VoxelSize).Shift(s.a.spec.Offset))
		if err == nil {
			s.gather(box, source, values)
		}
		return err
	}
	low, high := box, box
	low.Shape, high.Shape, high.Offset = box.Shape.Clone(), box.Shape.Clone(), box.Offset.Clone()
	low.Shape[longest] /= 2
	high.Shape[longest] -= low.Shape[longest]
	high.Offset[longest] += low.Shape[longest]
	if err := s.read(ctx, low); err != nil {
		return err
	}
	return s.read(ctx, high)
}

// source returns the voxels of the array that a box of out lies between.
func (s *sampling) source(box geometry.Roi) geometry.Roi {
	begin, end := box.Offset.Clone(), box.End()
	for d := range begin {
		begin[d], end[d] = s.from[d][begin[d]], s.from[d][end[d]-1]+1
	}
	return geometry.FromCorners(begin, end)
}

// gather copies the values of a box of out from those of its source.
func (s *sampling) gather(box, source geometry.Roi, values *nd.Array) {
	size, last := s.out.DType().Size(), box.Dims()-1
	channels := len(s.out.Shape()) - box.Dims()
	outStrides, inStrides := nd.Strides(s.out.Shape())[channels:], nd.Strides(values.Shape())[channels:]
	planes := nd.Len(s.out.Shape()[:channels])
	for c := range planes {
		out := s.out.Bytes()[c*s.out.Len()/planes*size:]
		in := values.Bytes()[c*values.Len()/planes*size:]
		for at, length := range box.Rows() {
			to, from := 0, 0
			for d := range last {
				to += at[d] * outStrides[d]
				from += (s.from[d][at[d]] - source.Offset[d]) * inStrides[d]
			}
			for i := at[last]; i < at[last]+length; i++ {
				k := from + s.from[last][i] - source.Offset[last]
				copy(out[(to+i)*size:(to+i+1)*size], in[k*size:(k+1)*size])
			}
		}
	}
}
