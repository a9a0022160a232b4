package kernels

import (
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// A Contingency counts how often a segment and a ground-truth label share a voxel, and compares the two
// segmentations by that. Voxels whose ground truth is 0 are ignored; segment 0 is a segment like any other. The zero
// Contingency is not ready for use; see NewContingency. It must not be used concurrently: give each goroutine its own
// and Absorb them.
type Contingency struct {
	index *pairIndex // of (ground truth, segment)
	count []uint64
}

// NewContingency returns an empty table.
func NewContingency() *Contingency { return &Contingency{index: newPairIndex()} }

// Add counts voxels: seg[i] and gt[i] are the two labels of one.
func (t *Contingency) Add(seg, gt []uint64) {
	mustFit("segmentation", len(seg), len(gt))
	seg = seg[:len(gt)]
	for i := 0; i < len(gt); {
		g, s, start := gt[i], seg[i], i
		for i++; i < len(gt) && gt[i] == g && seg[i] == s; i++ {
		}
		if g != 0 {
			t.add(g, s, uint64(i-start))
		}
	}
}

// Absorb adds what other has counted.
func (t *Contingency) Absorb(other *Contingency) {
	for i, p := range other.index.pairs {
		t.add(p.a, p.b, other.count[i])
	}
}

func (t *Contingency) add(gt, seg, n uint64) {
	k := t.index.number(gt, seg)
	if k == len(t.count) {
		t.count = append(t.count, 0)
	}
	t.count[k] += n
}

// Voxels returns the number of voxels counted.
func (t *Contingency) Voxels() uint64 {
	n := uint64(0)
	for _, k := range t.count {
		n += k
	}
	return n
}

// Split returns the conditional entropy H(SEG|GT) in bits: how far objects are broken into several segments. It is
// the first value of skimage.metrics.variation_of_information(gt, seg, ignore_labels=[0]).
func (t *Contingency) Split() float64 {
	gt, _ := t.margins()
	return t.entropy(func(p pair) uint64 { return gt[p.a] })
}

// Merge returns the conditional entropy H(GT|SEG) in bits: how far segments run over several objects. It is the
// second value of skimage's variation_of_information; the two add up to the variation of information.
func (t *Contingency) Merge() float64 {
	_, seg := t.margins()
	return t.entropy(func(p pair) uint64 { return seg[p.b] })
}

// AdaptedRandError returns 1 − F, with F the harmonic mean of precision and recall over pairs of different voxels
// (Arganda-Carreras et al., Frontiers in Neuroanatomy 2015), as skimage.metrics.adapted_rand_error(gt, seg) does: 0 is
// best. It is 0 when no two voxels share a segment or an object.
func (t *Contingency) AdaptedRandError() float64 {
	gt, seg := t.margins()
	both, sum := pairsOf(slices.Values(t.count)), pairsOf(maps.Values(gt))+pairsOf(maps.Values(seg))
	if sum == 0 {
		return 0
	}
	return 1 - 2*both/sum
}

// margins returns the sizes of the ground-truth objects and of the segments.
func (t *Contingency) margins() (gt, seg map[uint64]uint64) {
	gt, seg = map[uint64]uint64{}, map[uint64]uint64{}
	for i, p := range t.index.pairs {
		gt[p.a] += t.count[i]
		seg[p.b] += t.count[i]
	}
	return gt, seg
}

// entropy returns the entropy in bits of a pair when the whole that it is part of is known. It does not depend on the
// order in which the pairs were counted, to the last bit.
func (t *Contingency) entropy(whole func(pair) uint64) float64 {
	terms := make([]float64, len(t.count))
	for i, k := range t.count {
		terms[i] = float64(k) * math.Log2(float64(whole(t.index.pairs[i]))/float64(k))
	}
	slices.Sort(terms)
	sum := 0.0
	for _, x := range terms {
		sum += x
	}
	return sum / max(1, float64(t.Voxels()))
}

// pairsOf returns Σ k·(k−1), summed exactly in 128 bits.
func pairsOf(parts iter.Seq[uint64]) float64 {
	var hi, lo uint64
	for k := range parts {
		h, l := bits.Mul64(k, k-1)
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi, _ = bits.Add64(hi, h, carry)
	}
	return float64(hi)*(1<<32)*(1<<32) + float64(lo)
}
