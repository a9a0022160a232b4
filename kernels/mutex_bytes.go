package kernels

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// mutexBytes is the mutex watershed of uint8 affinities. A channel has at most 256 scores, so that a counting sort
// puts the edges in order, and edges with one score stay in voxel order: neighbours in time are neighbours in memory.
func mutexBytes(affs []uint8, n int, channels []mutexChannel) *forest {
	alive := make([]uint8, n)
	counts := make([][256]uint32, len(channels))
	for c := range channels {
		countBytes(&counts[c], alive, affs, &channels[c])
	}
	buckets := byteBuckets(channels, counts)
	order := sortBytes(affs, channels, buckets)
	f := newForest(n)
	f.drop(alive)
	for _, b := range buckets {
		edges := order[b.start : b.start+b.len]
		ch := &channels[b.channel]
		switch b.sign {
		case 1:
			f.attractAll(edges, int32(ch.shift))
		case -1:
			f.repelAll(edges, int32(ch.shift))
		default:
			f.mixAll(edges, int32(ch.shift), affs[ch.base:ch.base+n], lowestPositive(ch.bias))
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
	start, len int // in the sorted edges
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
	return startBuckets(mergeEqual(buckets))
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

func startBuckets(buckets []byteBucket) []byteBucket {
	start := 0
	for i := range buckets {
		buckets[i].start = start
		start += buckets[i].len
	}
	return buckets
}

// sortBytes returns the first voxels of all edges, bucket after bucket, in voxel order within each.
func sortBytes(affs []uint8, channels []mutexChannel, buckets []byteBucket) []uint32 {
	total := 0
	next := make([][256]uint32, len(channels))
	slot := make([][256]uint8, len(channels))
	for _, b := range buckets {
		total += b.len
		for _, v := range b.values {
			next[b.channel][v] = uint32(b.start)
			slot[b.channel][v] = b.values[0]
		}
	}
	order := make([]uint32, total)
	for c := range channels {
		ch, next, slot := &channels[c], &next[c], &slot[c]
		ch.rows(func(start, n, step int) {
			for i := 0; i < n*step; i += step {
				k := &next[slot[affs[ch.base+start+i]]]
				order[*k] = uint32(start + i)
				*k++
			}
		})
	}
	return order
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
