package kernels

import "math"

// outside is the parent of a node that takes no part in a clustering.
const outside = math.MinInt32

// A forest is a disjoint-set forest. The root of a cluster is its smallest node, so that a parent is never greater than
// its child; the entry of a root is negative and otherwise its owner's to use.
type forest []int32

// newForest returns n separate nodes that have the same entry.
func newForest(n int, entry int32) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = entry
	}
	return f
}

// find returns the root of node i and shortens the way to it.
func (f forest) find(i int32) int32 {
	p := f[i]
	if p < 0 {
		return i
	}
	for {
		g := f[p]
		if g < 0 {
			return p
		}
		f[i] = g
		i, p = p, g
	}
}

// settled reports whether u and v are seen to be in one cluster at first glance.
func (f forest) settled(u, v int32) bool { return f[u] == f[v] && f[u] >= 0 }

// join makes one cluster of two roots and gives its root an entry.
func (f forest) join(u, v, entry int32) {
	low, high := min(u, v), max(u, v)
	f[high] = low
	f[low] = entry
}

// flatten makes every node that is no root a child of its root.
func (f forest) flatten() {
	for i, p := range f {
		if p >= 0 && f[p] >= 0 {
			f[i] = f[p] // p < i has its root already
		}
	}
}

// drop puts the nodes that are not alive, which must be clusters by themselves, outside.
func (f forest) drop(alive []uint8) {
	for i, a := range alive {
		if a == 0 {
			f[i] = outside
		}
	}
}

// labels writes the clusters as 1, 2, … in the order of their first nodes, and 0 outside.
func (f forest) labels(dst []uint64) {
	n := uint64(0)
	for i, p := range f {
		switch {
		case p == outside:
			dst[i] = 0
		case p < 0:
			n++
			dst[i] = n
		default:
			dst[i] = dst[p]
		}
	}
}
