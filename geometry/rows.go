package geometry

import "iter"

// Rows yields the first cell and the length of every row of the box along its last axis, in row-major order. The
// coordinate is the iterator's: it holds until the next row.
func (r Roi) Rows() iter.Seq2[Coordinate, int] {
	return func(yield func(Coordinate, int) bool) {
		if r.Empty() {
			return
		}
		last := r.Dims() - 1
		at, end := r.Offset.Clone(), r.End()
		for {
			if !yield(at, r.Shape[last]) {
				return
			}
			d := last - 1
			for ; d >= 0; d-- {
				if at[d]++; at[d] < end[d] {
					break
				}
				at[d] = r.Offset[d]
			}
			if d < 0 {
				return
			}
		}
	}
}

// Rows yields the index of the first block and the number of blocks of every row of a box of positions, which lies in
// the grid: the blocks of a row are neighbours in the order of indices.
func (g Grid) Rows(positions Roi) iter.Seq2[int64, int] {
	return func(yield func(int64, int) bool) {
		for at, length := range positions.Rows() {
			if !yield(g.Index(at), length) {
				return
			}
		}
	}
}
