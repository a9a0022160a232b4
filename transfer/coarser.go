package transfer

import (
	"context"
	"slices"

	"volara/kernels"
	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
)

// A coarser is an array downsampled while it is read: in tiles, so that a box of it takes little of the finer one at once.
type coarser struct {
	finer        lazy.Source // nil as long as it is only planned
	path         string      // of the finer one
	shape, whole []int       // of the coarser and of the finer one
	factor       []int
	dtype        nd.DType
	method       kernels.Downsampling
	tile         []int // that is made at once: whole chunks of the finer one, where those are not too large
}

var _ lazy.Source = (*coarser)(nil)

// newCoarser downsamples an array that will be stored so; reading a box takes so many bytes beside it.
func newCoarser(finer zarr.Spec, factor []int, m kernels.Downsampling, bytes int64, path string) *coarser {
	c := &coarser{
		path: path, shape: kernels.CoarserShape(finer.Shape, factor), whole: finer.Shape, factor: factor, dtype: finer.DType, method: m,
		tile: slices.Clone(finer.Chunks),
	}
	window := 1
	for d, f := range factor {
		if finer.Chunks[d]%f == 0 {
			c.tile[d] = finer.Chunks[d] / f
		}
		c.tile[d] = max(1, min(c.tile[d], c.shape[d]))
		window *= f
	}
	each := finer.DType.Size() * (window + 1)
	if finer.DType == nd.Float16 { // which is widened
		each *= 3
	}
	const most = 8 << 20 // no need for more than a cache holds
	voxels := int(max(1, min(bytes, most)/int64(each)))
	whole := volume.Whole(c.shape)
	if (volume.Box{Shape: c.tile}).Len() <= voxels {
		c.tile = volume.Grow(c.tile, whole, voxels, nil)
	}
	for d := range c.tile {
		for c.tile[d] > 1 && (volume.Box{Shape: c.tile}).Len() > voxels {
			c.tile[d] = (c.tile[d] + 1) / 2
		}
	}
	return c
}

// Shape implements lazy.Source, and so do the others.
func (c *coarser) Shape() []int { return c.shape }

// DType is that of the finer array.
func (c *coarser) DType() nd.DType { return c.dtype }

// Path is where the finer array is.
func (c *coarser) Path() string { return c.path }

// ReadInto makes the voxels of a box, which does not leave the array.
func (c *coarser) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	origin := make([]int, len(offset))
	for t := range (volume.Box{Offset: offset, Shape: dst.Shape()}).Tiles(c.tile) {
		at, shape := slices.Clone(t.Offset), slices.Clone(t.Shape)
		for d, f := range c.factor {
			at[d] *= f
			shape[d] = min(shape[d]*f, c.whole[d]-at[d])
		}
		fine := nd.New(c.dtype, shape...)
		if err := c.finer.ReadInto(ctx, fine, at); err != nil {
			return err
		}
		if slices.Equal(t.Shape, dst.Shape()) {
			kernels.Downsample(dst, fine, c.factor, c.method)
			return nil
		}
		coarse := nd.New(c.dtype, t.Shape...)
		kernels.Downsample(coarse, fine, c.factor, c.method)
		for d := range t.Offset {
			t.Offset[d] -= offset[d]
		}
		nd.CopyBox(dst.Bytes(), dst.Shape(), t.Offset, coarse.Bytes(), coarse.Shape(), origin, coarse.Shape(), c.dtype.Size())
	}
	return nil
}
