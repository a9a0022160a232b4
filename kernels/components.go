package kernels

import (
	"math"

	"volara/nd"
)

// Components writes the connected components of labels to dst, numbered 1, 2, … in the order of their first voxels,
// and returns their number. Voxels are connected when they have the same label, not 0, and touch by a face, an edge or
// a corner (8, 26, 80 neighbours in 2, 3, 4 dimensions). dst may be labels. The volume has at most 2³¹−1 runs of equal
// labels along its last axis.
func Components(dst, labels []uint64, shape []int) int {
	n := nd.Len(shape)
	mustFit("components", len(dst), n)
	mustFit("labels", len(labels), n)
	if n == 0 {
		return 0
	}
	runs, first := labelRuns(labels, shape[len(shape)-1])
	parent := make([]int32, len(runs))
	for i := range parent {
		parent[i] = int32(i)
	}
	joinRows(parent, runs, first, shape[:len(shape)-1])
	clear(dst)
	count := 0
	for i, r := range runs {
		if p := parent[i]; int(p) == i {
			count++
			runs[i].label = uint64(count)
		} else {
			runs[i].label = runs[p].label // p < i has its final label
		}
		part := dst[r.start : r.start+int(r.length)]
		for k := range part {
			part[k] = runs[i].label
		}
	}
	return count
}

// A labelRun is a maximal piece of a row with one label other than 0.
type labelRun struct {
	label  uint64
	start  int // in the volume
	at     int32
	length int32
}

// labelRuns returns the runs of all rows, in order, and where in them each row's begin; one entry more ends the last.
func labelRuns(labels []uint64, width int) (runs []labelRun, first []int32) {
	rows := len(labels) / width
	first = make([]int32, rows+1)
	for r := range rows {
		row := labels[r*width : (r+1)*width]
		for i := 0; i < width; {
			label, start := row[i], i
			for i++; i < width && row[i] == label; i++ {
			}
			if label != 0 {
				runs = append(runs, labelRun{label: label, start: r*width + start, at: int32(start), length: int32(i - start)})
			}
		}
		if len(runs) > math.MaxInt32 {
			panic("kernels: too many runs of labels")
		}
		first[r+1] = int32(len(runs))
	}
	return runs, first
}

// joinRows connects the runs of every row with those of its neighbours that come before it. rows is the shape without
// its last axis.
func joinRows(parent []int32, runs []labelRun, first []int32, rows []int) {
	steps := earlierNeighbours(len(rows))
	pitch := nd.Strides(rows)
	at := make([]int, len(rows))
	for r := range len(first) - 1 {
		if first[r] < first[r+1] {
			for _, step := range steps {
				if q, ok := neighbourRow(at, step, rows, pitch); ok {
					joinRuns(parent, runs, first[r], first[r+1], first[q], first[q+1])
				}
			}
		}
		for d := len(rows) - 1; d >= 0; d-- {
			if at[d]++; at[d] < rows[d] {
				break
			}
			at[d] = 0
		}
	}
}

// earlierNeighbours returns those of the 3^n − 1 neighbours of the origin that come before it in C order.
func earlierNeighbours(n int) [][]int {
	total := 1
	for range n {
		total *= 3
	}
	var steps [][]int
	for code := range total / 2 {
		step := make([]int, n)
		for d := n - 1; d >= 0; d-- {
			step[d], code = code%3-1, code/3
		}
		steps = append(steps, step)
	}
	return steps
}

func neighbourRow(at, step, rows, pitch []int) (row int, ok bool) {
	for d := range at {
		q := at[d] + step[d]
		if q < 0 || q >= rows[d] {
			return 0, false
		}
		row += q * pitch[d]
	}
	return row, true
}

// joinRuns connects the runs from i up to endI of one row with those from j up to endJ of a neighbouring one.
func joinRuns(parent []int32, runs []labelRun, i, endI, j, endJ int32) {
	for ; i < endI; i++ {
		a := &runs[i]
		for j < endJ && runs[j].at+runs[j].length < a.at {
			j++
		}
		for k := j; k < endJ && runs[k].at <= a.at+a.length; k++ {
			if runs[k].label == a.label {
				joinLow(parent, i, k)
			}
		}
	}
}

// joinLow makes one set of two, whose root is the smaller of the two roots.
func joinLow(parent []int32, i, j int32) {
	i, j = rootOf(parent, i), rootOf(parent, j)
	parent[max(i, j)] = min(i, j)
}

// rootOf returns the root of i in a disjoint-set forest and halves the way to it.
func rootOf(parent []int32, i int32) int32 {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}
