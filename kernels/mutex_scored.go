package kernels

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// A scoredEdge is an edge from a voxel, with the bits of its score, which sort as the score does.
type scoredEdge struct {
	key     uint64
	voxel   int32
	channel uint16
}

// sort returns the scored edges, whose keys lie between lo and hi, by falling key, equal ones in the order given.
func (o *floatOrder[T]) sort(lo, hi uint64) []scoredEdge {
	edges := o.scored
	if lo == hi {
		return edges
	}
	buckets := uint64(max(len(edges)/2, 1))
	shift := bits.Len64((hi - lo) / buckets)
	next := make([]uint32, (hi-lo)>>shift+2)
	for i := range edges {
		next[(hi-edges[i].key)>>shift+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	if o.sorted == nil {
		o.sorted = make([]scoredEdge, o.limit)
	}
	sorted := o.sorted[:len(edges)]
	for i := range edges {
		k := &next[(hi-edges[i].key)>>shift]
		sorted[*k] = edges[i]
		*k++
	}
	start := uint32(0)
	for _, end := range next[:len(next)-1] {
		sortScored(sorted[start:end])
		start = end
	}
	return sorted
}

// sortScored sorts a few edges by falling key, equal ones in the order given.
func sortScored(edges []scoredEdge) {
	if len(edges) > 32 {
		slices.SortStableFunc(edges, func(a, b scoredEdge) int { return cmp.Compare(b.key, a.key) })
		return
	}
	for i := 1; i < len(edges); i++ {
		e, k := edges[i], i
		for ; k > 0 && edges[k-1].key < e.key; k-- {
			edges[k] = edges[k-1]
		}
		edges[k] = e
	}
}

// take takes edges in the order given.
func (o *floatOrder[T]) take(edges []scoredEdge) {
	for i := range edges {
		e := &edges[i]
		o.attract(int(e.channel), e.voxel, math.Float64frombits(e.key))
	}
}
