package kernels

import (
	"cmp"
	"slices"
)

// A byteBucket is the attractive edges of one channel that have one score.
type byteBucket struct {
	channel    int
	low, high  int // their values
	strength   float64
	len        int // edges, settled ones included
	start, end int // in the sorted edges of its phase
}

// byteBuckets returns the buckets in the order in which they are taken.
func byteBuckets(channels []mutexChannel, counts [][256]uint32) []byteBucket {
	var buckets []byteBucket
	for c, ch := range channels {
		last := -1
		for v := lowestPositive(ch.bias); v < 256; v++ {
			k := int(counts[c][v])
			if k == 0 {
				continue
			}
			score := byteScore(uint8(v), ch.bias)
			if last >= 0 && buckets[last].strength == score { // beside a large bias, steps of 1/255 are lost
				buckets[last].high = v
				buckets[last].len += k
				continue
			}
			last = len(buckets)
			buckets = append(buckets, byteBucket{channel: c, low: v, high: v, strength: score, len: k})
		}
	}
	slices.SortStableFunc(buckets, func(a, b byteBucket) int {
		return cmp.Or(cmp.Compare(b.strength, a.strength), cmp.Compare(a.channel, b.channel))
	})
	return buckets
}

// splitPhases cuts the buckets in two; the first part has at most size edges, or one bucket.
func splitPhases(buckets []byteBucket, size int) [2][]byteBucket {
	k, sum := 0, 0
	for k < len(buckets) && (k == 0 || sum+buckets[k].len <= size) {
		sum += buckets[k].len
		k++
	}
	return [2][]byteBucket{buckets[:k], buckets[k:]}
}

func edgesOf(buckets []byteBucket) (n int) {
	for _, b := range buckets {
		n += b.len
	}
	return n
}

// sortBytes writes to order the first voxels of a phase's edges that are not settled, bucket after bucket, in voxel
// order within each, and sets the buckets' start and end. order holds one element more than the phase has edges.
//
// An edge of the other phase, or a repulsive one, is written too, to a place of its own that does not move on: which an
// edge is of is hard to predict, and a wrong guess costs more than a write.
func sortBytes(f forest, order []uint32, affs []uint8, channels []mutexChannel, phase []byteBucket) {
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
			scatter(f, order, &tables[c], affs, &channels[c])
		}
	}
	for i := range phase {
		b := &phase[i]
		b.end = int(tables[b.channel].next[b.low])
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
	k := b.low
	for v := b.low; v <= b.high; v++ {
		t.slot[v] = uint8(k)
	}
	t.next[k], t.move[k], t.used = uint32(b.start), 1, true
}

// scatter writes a channel's edges to where its table says; settled ones are overwritten by the next.
func scatter(f forest, order []uint32, t *scatterTable, affs []uint8, ch *mutexChannel) {
	ch.rows(func(start, n, step int) {
		for i := start; i < start+n*step; i += step {
			k := t.slot[affs[ch.base+i]]
			if p := f[i]; p >= 0 && p == f[i+ch.shift] {
				continue
			}
			order[t.next[k]] = uint32(i)
			t.next[k] += t.move[k]
		}
	})
}
