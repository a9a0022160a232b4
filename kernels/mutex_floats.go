package kernels

import (
	"iter"
	"math"
	"math/bits"
	"slices"
)

// Edges of floating-point affinities are ordered in two steps. First they are split, by the leading bits of |score|,
// into some dozens of parts, as 4-byte edge numbers (channel × voxels + voxel). Then part after part drops the edges
// whose ends are in one cluster by then, which are most, and sorts only what is left. (Osipov, Sanders and Singler,
// The Filter-Kruskal Minimum Spanning Tree Algorithm, ALENEX 2009.)
const (
	magnitudeBits = 16 // leading bits of |score| as float32: the exponent and 8 bits more
	partsWanted   = 64
	fanOut        = 1 << 8 // of a part that turned out too large to be sorted at once
)

// A floatOrder clusters the edges of floating-point affinities.
type floatOrder[T float32 | float64] struct {
	affs     []T
	n        int // voxels
	channels []mutexChannel
	clusters *mutexClusters[T]
	limit    int // the most edges sorted at once
	scored   []scoredEdge
	sorted   []scoredEdge
}

func mutexFloats[T float32 | float64](affs []T, n int, channels []mutexChannel, small int) forest {
	m := newMutexClusters(affs, n, channels, small)
	limit := min(max(n/2, 1<<12), len(affs))
	o := &floatOrder[T]{affs: affs, n: n, channels: channels, clusters: m, limit: limit, scored: make([]scoredEdge, 0, limit)}
	counts := make([]uint32, 1<<magnitudeBits)
	alive := make([]uint8, n)
	for c := range channels {
		o.count(counts, alive, c)
	}
	parts, ends := splitMagnitudes(counts)
	order := o.split(parts, ends)
	o.drainParts(order, ends)
	m.drop(alive)
	return m.forest
}

// magnitude returns the leading bits of |score|.
func magnitude(score float64) uint32 {
	return math.Float32bits(float32(score)) << 1 >> (32 - magnitudeBits)
}

// count counts the attractive edges of channel c by magnitude, marks the voxels that one touches, and makes the
// repulsive edges known.
func (o *floatOrder[T]) count(counts []uint32, alive []uint8, c int) {
	ch, always := &o.channels[c], moment{strength: math.Inf(1)}
	ch.rows(func(start, n, step int) {
		row := o.affs[ch.base+start:][:(n-1)*step+1]
		near, far := alive[start:][:len(row)], alive[start+ch.shift:][:len(row)]
		for i := 0; i < len(row); i += step {
			if score := float64(row[i]) + ch.bias; score > 0 {
				counts[magnitude(score)]++
				near[i], far[i] = 1, 1
			} else {
				o.clusters.repel(start+i, c, always)
			}
		}
	})
}

// splitMagnitudes groups magnitudes, from the highest down, into parts of about equally many edges. It returns the
// part of each magnitude and the number of edges up to and with each part.
func splitMagnitudes(counts []uint32) (parts []uint16, ends []uint32) {
	total := uint32(0)
	for _, k := range counts {
		total += k
	}
	parts = make([]uint16, len(counts))
	wanted, sum, last := total/partsWanted, uint32(0), uint32(0)
	for m := len(counts) - 1; m >= 0; m-- {
		if counts[m] > 0 && sum > last && sum-last+counts[m] > wanted {
			ends, last = append(ends, sum), sum
		}
		parts[m] = uint16(len(ends))
		sum += counts[m]
	}
	return parts, append(ends, sum)
}

// split returns the numbers of all edges, part after part, ascending within each.
func (o *floatOrder[T]) split(parts []uint16, ends []uint32) []uint32 {
	next := make([]uint32, len(ends))
	copy(next[1:], ends)
	order := make([]uint32, ends[len(ends)-1])
	for c := range o.channels {
		ch := &o.channels[c]
		ch.rows(func(start, n, step int) {
			for i := ch.base + start; i < ch.base+start+n*step; i += step {
				score := float64(o.affs[i]) + ch.bias
				if !(score > 0) {
					continue
				}
				k := &next[parts[magnitude(score)]]
				order[*k] = uint32(i)
				*k++
			}
		})
	}
	return order
}

// drain takes edges, given in ascending order, by falling |score|. It overwrites them.
func (o *floatOrder[T]) drain(edges []uint32) {
	if len(edges) > o.limit {
		if edges = o.unsettled(edges); len(edges) > o.limit {
			o.divide(edges)
			return
		}
	}
	o.scored = o.scored[:0]
	lo, hi := ^uint64(0), uint64(0)
	for c, edges := range o.byChannel(edges) {
		ch := &o.channels[c]
		shift := int32(ch.shift)
		for _, e := range edges {
			u := int32(int(e) - ch.base)
			if o.clusters.settled(u, u+shift) {
				continue
			}
			key := o.key(e, c)
			lo, hi = min(lo, key), max(hi, key)
			o.scored = append(o.scored, scoredEdge{key: key, voxel: u, channel: uint16(c)})
		}
	}
	if len(o.scored) > 0 {
		o.take(o.sort(lo, hi))
	}
}

// byChannel yields the parts of ascending edges that belong to one channel.
func (o *floatOrder[T]) byChannel(edges []uint32) iter.Seq2[int, []uint32] {
	return func(yield func(int, []uint32) bool) {
		for c := range o.channels {
			k, _ := slices.BinarySearch(edges, uint32((c+1)*o.n))
			if k > 0 && !yield(c, edges[:k]) {
				return
			}
			edges = edges[k:]
		}
	}
}

// unsettled keeps, in place, the edges that still matter.
func (o *floatOrder[T]) unsettled(edges []uint32) []uint32 {
	kept := edges[:0]
	for c, part := range o.byChannel(edges) {
		ch := &o.channels[c]
		shift := int32(ch.shift)
		for _, e := range part {
			if u := int32(int(e) - ch.base); !o.clusters.settled(u, u+shift) {
				kept = append(kept, e)
			}
		}
	}
	return kept
}

// divide drains the edges in parts of narrower ranges of |score|.
func (o *floatOrder[T]) divide(edges []uint32) {
	lo, hi := ^uint64(0), uint64(0)
	for c, part := range o.byChannel(edges) {
		for _, e := range part {
			k := o.key(e, c)
			lo, hi = min(lo, k), max(hi, k)
		}
	}
	if lo == hi {
		o.takeEqual(edges)
		return
	}
	shift := bits.Len64((hi - lo) / fanOut)
	next := make([]uint32, (hi-lo)>>shift+2)
	for c, part := range o.byChannel(edges) {
		for _, e := range part {
			next[(hi-o.key(e, c))>>shift+1]++
		}
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	parts := make([]uint32, len(edges))
	for c, part := range o.byChannel(edges) {
		for _, e := range part {
			k := &next[(hi-o.key(e, c))>>shift]
			parts[*k] = e
			*k++
		}
	}
	o.drainParts(parts, next[:len(next)-1])
}

// key returns the bits of the |score| of an edge of channel c.
func (o *floatOrder[T]) key(e uint32, c int) uint64 {
	return math.Float64bits(float64(o.affs[e]) + o.channels[c].bias)
}

// drainParts drains parts that end at ends one after the other.
func (o *floatOrder[T]) drainParts(edges, ends []uint32) {
	start := uint32(0)
	for _, end := range ends {
		if end > start {
			o.drain(edges[start:end])
		}
		start = end
	}
}

// takeEqual takes edges of one score in the order given.
func (o *floatOrder[T]) takeEqual(edges []uint32) {
	for c, part := range o.byChannel(edges) {
		ch := &o.channels[c]
		for _, e := range part {
			o.attract(c, int32(int(e)-ch.base), float64(o.affs[e])+ch.bias)
		}
	}
}

// attract takes the edge of a channel from voxel u.
func (o *floatOrder[T]) attract(c int, u int32, score float64) {
	ch := &o.channels[c]
	if v := u + int32(ch.shift); !o.clusters.settled(u, v) {
		o.clusters.reach.include(c)
		o.clusters.attract(u, v, moment{score, uint32(ch.base) + uint32(u)})
	}
}
