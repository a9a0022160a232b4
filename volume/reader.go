package volume

import (
	"context"

	"volara/nd"
	"volara/zarr"
)

// A Reader is an array whose voxels are read in boxes: a stored one, or one that is computed from others as it is read.
type Reader interface {
	// Metadata returns shape, type, and the shapes of what is stored and decoded at once.
	Metadata() zarr.Metadata
	// ReadInto reads the box of dst's shape from offset into dst, whose type is the array's.
	ReadInto(ctx context.Context, dst *nd.Array, offset []int) error
	// Spatial returns the place in the world.
	Spatial(o zarr.Overrides) (zarr.Spatial, error)
	// Path names the array for people.
	Path() string
}

var _ Reader = (*zarr.Array)(nil)

// read reads a box.
func read(ctx context.Context, r Reader, t nd.DType, b Box) (*nd.Array, error) {
	data := nd.New(t, b.Shape...)
	return data, r.ReadInto(ctx, data, b.Offset)
}

// Limits bound what reading a large array takes.
type Limits struct {
	// Workers is the number of blocks that are read and worked on at once; at least 1.
	Workers int
	// Memory is the number of bytes that those blocks may take together. A block is never smaller than one voxel row of
	// what is decoded at once.
	Memory int64
}

// voxelsEach returns the voxels of one block so that those of all workers, of which so many copies each are held, keep
// within the memory, and no more than most.
func (l Limits) voxelsEach(item, copies int, most int64) int {
	each := l.Memory / int64(max(1, l.Workers)) / int64(copies)
	return int(max(1, min(each, most)/int64(item)))
}
