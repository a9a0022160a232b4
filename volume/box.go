package volume

import (
	"iter"
	"math"
	"slices"
)

// A Box is a half-open range of voxels along every axis of an array.
type Box struct{ Offset, Shape []int }

// Whole returns the box of an array of that shape.
func Whole(shape []int) Box { return Box{make([]int, len(shape)), slices.Clone(shape)} }

// Len returns the number of voxels.
func (b Box) Len() int {
	n := 1
	for _, s := range b.Shape {
		n *= s
	}
	return n
}

// Empty reports whether the box holds nothing.
func (b Box) Empty() bool { return slices.Contains(b.Shape, 0) }

// intersect returns the common part, empty along the axes where there is none.
func (b Box) intersect(o Box) Box {
	r := Box{make([]int, len(b.Shape)), make([]int, len(b.Shape))}
	for d := range b.Shape {
		r.Offset[d] = max(b.Offset[d], o.Offset[d])
		r.Shape[d] = max(0, min(b.Offset[d]+b.Shape[d], o.Offset[d]+o.Shape[d])-r.Offset[d])
	}
	return r
}

// Tiles cuts the box along multiples of the tile shape, counted from the array's first voxel, and yields the pieces in
// C order.
func (b Box) Tiles(tile []int) iter.Seq[Box] {
	return func(yield func(Box) bool) {
		if b.Empty() {
			return
		}
		index, first := make([]int, len(tile)), make([]int, len(tile))
		for d, t := range tile {
			first[d] = b.Offset[d] / t
			index[d] = first[d]
		}
		for {
			piece := Box{make([]int, len(tile)), slices.Clone(tile)}
			for d, t := range tile {
				piece.Offset[d] = index[d] * t
			}
			if !yield(piece.intersect(b)) {
				return
			}
			d := len(tile) - 1
			for ; d >= 0; d-- {
				if index[d]++; index[d]*tile[d] < b.Offset[d]+b.Shape[d] {
					break
				}
				index[d] = first[d]
			}
			if d < 0 {
				return
			}
		}
	}
}

// TileCount returns how many pieces Tiles yields.
func (b Box) TileCount(tile []int) int {
	if b.Empty() {
		return 0
	}
	n := 1
	for d, t := range tile {
		n *= (b.Offset[d]+b.Shape[d]+t-1)/t - b.Offset[d]/t
	}
	return n
}

// Grow returns the shape of tiles of about so many voxels for reading an array in pieces of the given shape: whole
// pieces, more of them along the last axes first, no more than the box needs; along frozen axes a single one.
func Grow(piece []int, b Box, voxels int, frozen []int) []int {
	tile := slices.Clone(piece)
	size := 1
	for d := range tile {
		if slices.Contains(frozen, d) {
			tile[d] = 1
		}
		size *= max(1, min(tile[d], b.Shape[d]))
	}
	for d := len(tile) - 1; d >= 0; d-- {
		if slices.Contains(frozen, d) {
			continue
		}
		need := max(1, (b.Offset[d]+b.Shape[d]+tile[d]-1)/tile[d]) // whole tiles up to the box's end
		times := max(1, min(need, voxels/size))
		if tile[d] <= math.MaxInt/times {
			tile[d] *= times
		}
		size *= times
		if times < need {
			break
		}
	}
	return tile
}

// Rows cuts the box into pieces that follow each other in C order, none of more than about so many voxels; where that
// leaves more than one row of the piece shape, whole ones.
func (b Box) Rows(piece []int, voxels int) iter.Seq[Box] {
	axis, row := 0, 1 // the axis that is cut, and the voxels of one index along it
	for d := len(b.Shape) - 1; d >= 0; d-- {
		if row*b.Shape[d] > voxels {
			axis = d
			break
		}
		row *= b.Shape[d]
	}
	tile := slices.Repeat([]int{1}, len(b.Shape))
	for d := range tile {
		switch {
		case d > axis:
			tile[d] = max(1, b.Offset[d]+b.Shape[d])
		case d == axis:
			tile[d] = max(1, voxels/max(1, row))
			if whole := tile[d] / piece[d] * piece[d]; whole > 0 {
				tile[d] = whole
			}
		}
	}
	return b.Tiles(tile)
}
