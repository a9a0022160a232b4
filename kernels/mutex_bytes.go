package kernels

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// bytePhases is the number of steps in which uint8 edges are sorted.
const bytePhases = 2

// mutexBytes is the mutex watershed of uint8 affinities. A channel has at most 256 scores, so that a counting sort
// puts the edges in order, and edges with one score stay in voxel order: neighbours in time are neighbours in memory.
// The sort is done in a few phases, from the highest scores down, which bounds its memory; edges whose ends are in one
// cluster when their phase comes, most of them in the later ones, are never sorted.
func mutexBytes(affs []uint8, n int, channels []mutexChannel) *forest {
	alive := make([]uint8, n)
	counts := make([][256]uint32, len(channels))
	for c := range channels {
		countBytes(&counts[c], alive, affs, &channels[c])
	}
	f := newForest(n)
	f.drop(alive)
	phases, largest := splitPhases(byteBuckets(channels, counts))
	order := make([]uint32, largest+1)
	for _, phase := range phases {
		f.sortBytes(order, affs, channels, phase)
		for _, b := range phase {
			ch, edges := &channels[b.channel], order[b.start:b.end]
			switch b.sign {
			case 1:
				f.attractAll(edges, int32(ch.shift))
			case -1:
				f.repelAll(edges, int32(ch.shift))
			default:
				f.mixAll(edges, int32(ch.shift), affs[ch.base:ch.base+n], lowestPositive(ch.bias))
			}
		}
	}
	return f
}

// A byteBucket is the edges of one channel that have one |score|.
type byteBucket struct {
	channel    int
	values     []uint8
	magnitude  float64
	sign       int // 0: both signs occur
	len        int // edges, settled ones included
	start, end int // in the sorted edges of its phase
}

func byteScore(v uint8, bias float64) float64 { return float64(v)/255 + bias }

// lowestPositive returns the smallest value of a channel that makes an edge attractive, 256 if none does.
func lowestPositive(bias float64) int {
	v := 0
	for v < 256 && byteScore(uint8(v), bias) <= 0 {
		v++
	}
	return v
}

// countBytes counts the values of a channel's edges and marks the voxels that an attractive one touches.
func countBytes(counts *[256]uint32, alive, affs []uint8, ch *mutexChannel) {
	var odd [256]uint32
	lowest := lowestPositive(ch.bias)
	ch.rows(func(start, n, step int) {
		if step != 1 {
			for i := 0; i < n*step; i += step {
				v := affs[ch.base+start+i]
				counts[v]++
				if int(v) >= lowest {
					alive[start+i], alive[start+i+ch.shift] = 1, 1
				}
			}
			return
		}
		row := affs[ch.base+start:][:n]
		i := 0
		for ; i+1 < n; i += 2 {
			counts[row[i]]++
			odd[row[i+1]]++
		}
		if i < n {
			counts[row[i]]++
		}
		near, far := alive[start:][:n], alive[start+ch.shift:][:n]
		if bytes.IndexByte(near, 0) < 0 && bytes.IndexByte(far, 0) < 0 {
			return
		}
		for i, v := range row {
			if int(v) >= lowest {
				near[i], far[i] = 1, 1
			}
		}
	})
	for v, k := range odd {
		counts[v] += k
	}
}

// byteBuckets returns the buckets in the order in which they are taken.
func byteBuckets(channels []mutexChannel, counts [][256]uint32) []byteBucket {
	var buckets []byteBucket
	for c, ch := range channels {
		for v, k := range counts[c] {
			if k == 0 {
				continue
			}
			score := byteScore(uint8(v), ch.bias)
			b := byteBucket{channel: c, values: []uint8{uint8(v)}, magnitude: math.Abs(score), sign: -1, len: int(k)}
			if score > 0 {
				b.sign = 1
			}
			buckets = append(buckets, b)
		}
	}
	slices.SortStableFunc(buckets, func(a, b byteBucket) int {
		return cmp.Or(cmp.Compare(b.magnitude, a.magnitude), cmp.Compare(a.channel, b.channel))
	})
	return mergeEqual(buckets)
}

// mergeEqual makes one bucket of two values of a channel whose scores differ in sign only.
func mergeEqual(buckets []byteBucket) []byteBucket {
	merged := buckets[:0]
	for _, b := range buckets {
		if k := len(merged) - 1; k >= 0 && merged[k].channel == b.channel && merged[k].magnitude == b.magnitude {
			merged[k].values = append(merged[k].values, b.values...)
			merged[k].len += b.len
			if merged[k].sign != b.sign {
				merged[k].sign = 0
			}
			continue
		}
		merged = append(merged, b)
	}
	return merged
}

// splitPhases cuts the buckets into phases of about equally many edges, and returns how many the largest has.
func splitPhases(buckets []byteBucket) (phases [][]byteBucket, largest int) {
	total := 0
	for _, b := range buckets {
		total += b.len
	}
	first, size := 0, 0
	for i, b := range buckets {
		if size >= total/bytePhases {
			phases, first, size = append(phases, buckets[first:i]), i, 0
		}
		size += b.len
		largest = max(largest, size)
	}
	return append(phases, buckets[first:]), largest
}

// sortBytes writes to order the first voxels of a phase's edges that are not settled, bucket after bucket, in voxel
// order within each, and sets the buckets' start and end. order holds one element more than the phase has edges.
//
// An edge of another phase is written too, to a place of its own that does not move on: which phase an edge is of is
// hard to predict, and a wrong guess costs more than a write.
func (f *forest) sortBytes(order []uint32, affs []uint8, channels []mutexChannel, phase []byteBucket) {
	tables := make([]scatterTable, len(channels))
	for c := range tables {
		tables[c].reset(uint32(len(order) - 1))
	}
	size := 0
	for i := range phase {
		b := &phase[i]
		b.start = size
		size += b.len
		tables[b.channel].add(b)
	}
	for c := range channels {
		if tables[c].used {
			f.scatter(order, &tables[c], affs, &channels[c])
		}
	}
	for i := range phase {
		b := &phase[i]
		b.end = int(tables[b.channel].next[b.values[0]])
	}
}

// A scatterTable says where edges go: one with value v to next[slot[v]], which then moves on by move[slot[v]].
type scatterTable struct {
	slot       [256]uint8
	next, move [256]uint32
	used       bool
}

// reset sends all values to one place.
func (t *scatterTable) reset(place uint32) {
	*t = scatterTable{}
	for v := range t.slot {
		t.slot[v], t.next[v] = uint8(v), place
	}
}

// add sends the values of a bucket to its start and on.
func (t *scatterTable) add(b *byteBucket) {
	k := b.values[0]
	for _, v := range b.values {
		t.slot[v] = k
	}
	t.next[k], t.move[k], t.used = uint32(b.start), 1, true
}

// scatter writes a channel's edges to where its table says; settled ones are overwritten by the next.
func (f *forest) scatter(order []uint32, t *scatterTable, affs []uint8, ch *mutexChannel) {
	parent := f.parent
	ch.rows(func(start, n, step int) {
		for i := start; i < start+n*step; i += step {
			k := t.slot[affs[ch.base+i]]
			p, q := parent[i], parent[i+ch.shift]
			differ := uint32(p ^ q)
			open := (differ|-differ)>>31 | uint32(p)>>31 // 1 unless both ends have the same parent
			order[t.next[k]] = uint32(i)
			t.next[k] += t.move[k] & open
		}
	})
}

func (f *forest) attractAll(edges []uint32, shift int32) {
	parent := f.parent
	for _, e := range edges {
		u := int32(e)
		if p := parent[u]; p < 0 || p != parent[u+shift] {
			f.attract(u, u+shift)
		}
	}
}

func (f *forest) repelAll(edges []uint32, shift int32) {
	for _, e := range edges {
		if u := int32(e); !f.settled(u, u+shift) {
			f.repel(u, u+shift)
		}
	}
}

// mixAll takes edges of which those with a value of at least lowest attract.
func (f *forest) mixAll(edges []uint32, shift int32, affs []uint8, lowest int) {
	for i := 0; i < len(edges); {
		start, attracts := i, int(affs[edges[i]]) >= lowest
		for i++; i < len(edges) && (int(affs[edges[i]]) >= lowest) == attracts; i++ {
		}
		if attracts {
			f.attractAll(edges[start:i], shift)
		} else {
			f.repelAll(edges[start:i], shift)
		}
	}
}
