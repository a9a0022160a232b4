package zarr

import (
	"iter"
	"slices"

	"volara/nd"
)

// indices yields every index vector from lo up to but not including hi, the last axis fastest. The vector is reused.
func indices(lo, hi []int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for d := range lo {
			if lo[d] >= hi[d] {
				return
			}
		}
		index := slices.Clone(lo)
		for {
			if !yield(index) {
				return
			}
			d := len(index) - 1
			for ; d >= 0; d-- {
				if index[d]++; index[d] < hi[d] {
					break
				}
				index[d] = lo[d]
			}
			if d < 0 {
				return
			}
		}
	}
}

// A box is a half-open range of voxels.
type box struct{ lo, hi []int }

func boxAt(offset, shape []int) box {
	b := box{offset, make([]int, len(offset))}
	for d := range offset {
		b.hi[d] = offset[d] + shape[d]
	}
	return b
}

// tile returns the box of the tile with the given index, in a grid of tiles of that shape.
func tile(index, shape []int) box {
	b := box{make([]int, len(index)), make([]int, len(index))}
	for d, i := range index {
		b.lo[d], b.hi[d] = i*shape[d], (i+1)*shape[d]
	}
	return b
}

func (b box) intersect(o box) box {
	r := box{make([]int, len(b.lo)), make([]int, len(b.lo))}
	for d := range b.lo {
		r.lo[d], r.hi[d] = max(b.lo[d], o.lo[d]), min(b.hi[d], o.hi[d])
	}
	return r
}

func (b box) empty() bool {
	for d := range b.lo {
		if b.lo[d] >= b.hi[d] {
			return true
		}
	}
	return false
}

func (b box) equal(o box) bool { return slices.Equal(b.lo, o.lo) && slices.Equal(b.hi, o.hi) }

func (b box) contains(o box) bool { return b.intersect(o).equal(o) }

func (b box) shape() []int { return sub(b.hi, b.lo) }

// tiles returns the range of tiles of the given shape that the box meets; its lo is not negative.
func (b box) tiles(shape []int) box {
	r := box{make([]int, len(b.lo)), make([]int, len(b.lo))}
	for d, s := range shape {
		r.lo[d], r.hi[d] = b.lo[d]/s, (b.hi[d]+s-1)/s
	}
	return r
}

// len returns the number of index vectors in the box, which is not empty.
func (b box) len() int { return nd.Len(b.shape()) }

// at returns the i-th index vector of the box, in the order of indices.
func (b box) at(i int) []int {
	index := make([]int, len(b.lo))
	for d := len(index) - 1; d >= 0; d-- {
		n := b.hi[d] - b.lo[d]
		index[d] = b.lo[d] + i%n
		i /= n
	}
	return index
}

func add(a, b []int) []int {
	r := make([]int, len(a))
	for d := range a {
		r[d] = a[d] + b[d]
	}
	return r
}

func sub(a, b []int) []int {
	r := make([]int, len(a))
	for d := range a {
		r[d] = a[d] - b[d]
	}
	return r
}
