package kernels

import (
	"cmp"
	"slices"

	"volara/nd"
)

// PairStats is what the affinities between two fragments add up to: for every score the sum of the affinities, in
// 0 to 1, and their count.
type PairStats struct {
	U, V  uint64 // U < V
	Sum   []float64
	Count []int64
}

// EdgeStatistics returns the affinities between touching fragments, sorted by (U, V).
//
// For every offset o (one for each channel of affs, which is channel first) and every voxel p with p and p+o inside
// the volume, in different fragments, neither of them 0, the affinity at p counts towards the scores that score lists
// for the offset: numbers below scores; an offset may count towards none or several. Pairs of fragments that no score
// counts are left out.
//
// The sums of uint8 affinities are exact up to their last division by 255. Those of floats are taken in float64 in the
// order of offsets, then of voxels in C order: a volume that holds all of two fragments' contacts gives the same bits
// as any larger one.
func EdgeStatistics[T Affinity](frags []uint64, affs []T, shape []int, offsets [][]int, score [][]int, scores int) []PairStats {
	n := nd.Len(shape)
	mustFit("fragments", len(frags), n)
	mustFit("affinities", len(affs), n*len(offsets))
	mustFit("score", len(score), len(offsets))
	acc := &contacts{index: newPairIndex(), scores: scores}
	for c, offset := range offsets {
		if len(score[c]) > 0 {
			addContacts(acc, frags, affs[c*n:(c+1)*n], newLattice(shape, offset, nil), score[c])
		}
	}
	scale := 1.0
	if _, ok := any(affs).([]uint8); ok {
		scale = 255
	}
	return acc.stats(scale)
}

// contacts holds the running sums and counts, pair after pair, score after score.
type contacts struct {
	index  *pairIndex
	recent [1 << recentBits]recentPair // a direct-mapped cache of the index
	scores int
	sum    []float64
	count  []int64
}

type recentPair struct {
	u, v uint64
	at   int
}

const recentBits = 8

// of returns the place of the sums of two different fragments.
func (c *contacts) of(u, v uint64) int {
	r := &c.recent[(u*0x9E3779B97F4A7C15+v*0xC2B2AE3D27D4EB4F)>>(64-recentBits)]
	if r.u != u || r.v != v {
		*r = recentPair{u, v, c.place(u, v)}
	}
	return r.at
}

func (c *contacts) place(u, v uint64) int {
	at := c.index.number(min(u, v), max(u, v)) * c.scores
	for len(c.sum) <= at {
		c.sum = append(c.sum, make([]float64, c.scores)...)
		c.count = append(c.count, make([]int64, c.scores)...)
	}
	return at
}

// addContacts adds one channel. Rows fall into runs in which both ends keep their fragments.
func addContacts[T Affinity](acc *contacts, frags []uint64, affs []T, l *lattice, scores []int) {
	l.rows(func(start, n, _ int) {
		near, far, row := frags[start:][:n], frags[start+l.shift:][:n], affs[start:][:n]
		for i := 0; i < n; i++ {
			u, v := near[i], far[i]
			if u == v || u == 0 || v == 0 {
				continue
			}
			run := i + 1
			for run < n && near[run] == u && far[run] == v {
				run++
			}
			at := acc.of(u, v)
			for _, s := range scores {
				acc.sum[at+s] = addAll(acc.sum[at+s], row[i:run])
				acc.count[at+s] += int64(run - i)
			}
			i = run - 1
		}
	})
}

func addAll[T Affinity](sum float64, values []T) float64 {
	for _, v := range values {
		sum += float64(v)
	}
	return sum
}

// stats returns the pairs in order, their sums divided by scale.
func (c *contacts) stats(scale float64) []PairStats {
	stats := make([]PairStats, len(c.index.pairs))
	for i, p := range c.index.pairs {
		lo, hi := i*c.scores, (i+1)*c.scores
		stats[i] = PairStats{U: p.a, V: p.b, Sum: c.sum[lo:hi:hi], Count: c.count[lo:hi:hi]}
	}
	for i := range c.sum {
		c.sum[i] /= scale
	}
	slices.SortFunc(stats, func(a, b PairStats) int { return cmp.Or(cmp.Compare(a.U, b.U), cmp.Compare(a.V, b.V)) })
	return stats
}
