package kernels

import "slices"

// windows cuts an array into windows, row by row: rows are along the last axis, and a row of the coarse array is made of
// a few rows of the fine one.
type windows struct {
	shape, factor []int // of all axes but the last
	width, step   int   // of a fine row, and of a window along it
}

func newWindows(shape, factor []int) windows {
	last := len(shape) - 1
	if last < 0 {
		return windows{width: 1, step: 1}
	}
	return windows{shape[:last], factor[:last], shape[last], factor[last]}
}

// coarse returns the voxels in a row of the coarse array.
func (w windows) coarse() int { return (w.width + w.step - 1) / w.step }

// window returns the range of a fine row that is in window i.
func (w windows) window(i int) (begin, end int) {
	return i * w.step, min((i+1)*w.step, w.width)
}

// each visits the rows of the coarse array in order: where each begins, and where the fine rows that it is made of do. The
// list is good until the call returns.
func (w windows) each(visit func(to int, from []int)) {
	index := make([]int, len(w.shape))
	var from []int
	for to := 0; ; to += w.coarse() {
		from = append(from[:0], 0)
		for d, n := range w.shape {
			from = w.split(from, n, index[d]*w.factor[d], min((index[d]+1)*w.factor[d], n))
		}
		for i := range from {
			from[i] *= w.width
		}
		visit(to, from)
		d := len(index) - 1
		for ; d >= 0; d-- {
			if index[d]++; index[d]*w.factor[d] < w.shape[d] {
				break
			}
			index[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// split goes one axis of length n deeper: every row number becomes those of begin to end along the axis.
func (w windows) split(rows []int, n, begin, end int) []int {
	if end == begin+1 {
		for i := range rows {
			rows[i] = rows[i]*n + begin
		}
		return rows
	}
	count, each := len(rows), end-begin
	rows = slices.Grow(rows, count*(each-1))[:count*each]
	for i := count - 1; i >= 0; i-- { // from the back, so that none is overwritten before it is read
		first := rows[i]*n + begin
		for k := range each {
			rows[i*each+k] = first + k
		}
	}
	return rows
}
