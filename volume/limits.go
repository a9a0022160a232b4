package volume

import (
	"errors"
	"iter"
	"slices"

	"volara/zarr"
)

// Limits bound what reading a large array takes.
type Limits struct {
	// Workers is the number of blocks that are read and worked on at once; at least 1.
	Workers int
	// Memory is the number of bytes that those blocks may take together. Half of it is for
	// chunks while they are decoded, where the array is opened with Option.
	Memory int64
}

// Voxels returns the voxels of one block so that those of all workers, each of so many bytes a voxel, keep within the
// memory, and a block is no more than most bytes.
func (l Limits) Voxels(bytes int, most int64) int {
	each := l.Memory / int64(max(1, l.Workers))
	return int(max(1, min(each, most)/int64(max(1, bytes))))
}

// Option bounds what the chunks of an array take while they are decoded.
func (l Limits) Option() zarr.Option { return zarr.Bounded(l.Memory / 2) }

// Blocks cuts a box of an array in chunks of such a shape into blocks that keep within half of the memory, of no more than
// most bytes each, when so many workers have one each; bytes are those of a voxel. A block is whole chunks, or a part of one
// that would be too large; along frozen axes it is one voxel long.
func (l Limits) Blocks(chunk []int, b Box, bytes int, most int64, frozen []int) (blocks iter.Seq[Box], workers int) {
	least := Grow(chunk, b, 1, frozen)
	one := int64(bytes)
	for d, n := range least {
		one *= int64(max(1, min(n, b.Shape[d])))
	}
	l.Memory /= 2
	workers = int(max(1, min(int64(l.Workers), l.Memory/max(1, one))))
	l.Workers = workers
	if one <= l.Memory {
		return b.Tiles(Grow(chunk, b, l.Voxels(bytes, max(most, one)), frozen)), workers
	}
	part := shrink(least, b, l.Voxels(bytes, most))
	return func(yield func(Box) bool) {
		for whole := range b.Tiles(least) {
			for p := range whole.Tiles(part) {
				if !yield(p) {
					return
				}
			}
		}
	}, workers
}

// shrink returns the shape of parts of a piece of a box that have at most so many voxels, cut along the first axes.
func shrink(piece []int, b Box, voxels int) []int {
	part, size := slices.Clone(piece), 1
	for d := range part {
		part[d] = max(1, min(part[d], b.Shape[d]))
		size *= part[d]
	}
	for d, n := range part {
		if size <= voxels {
			break
		}
		size /= n
		part[d] = max(1, min(n, voxels/size))
		size *= part[d]
	}
	return part
}

// TooLarge marks the error of a chunk that does not fit the memory as the user's, who chooses how much there is.
func TooLarge(err error) error {
	if errors.Is(err, zarr.ErrTooLarge) {
		return Refuse("%w; allow more with --memory", err)
	}
	return err
}
