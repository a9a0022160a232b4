package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"

	"volara/nd"
)

// MaxMutexEdges is the largest product of voxels and offsets that MutexWatershed takes.
const MaxMutexEdges = math.MaxInt32

// Affinity lists the types of affinities: uint8 stands for 0 to 1 in steps of 1/255.
type Affinity interface{ uint8 | float32 | float64 }

// MutexWatershedParams says which edges a mutex watershed has and what they weigh.
type MutexWatershedParams struct {
	// Offsets holds, for every channel of the affinities, the step in voxels from an edge's one end to its other.
	Offsets [][]int
	// Bias holds for every channel what is added to its affinities.
	Bias []float64
	// Strides thins out edges, per channel and axis: only voxels on a regular grid keep theirs, which starts at the
	// first voxel that has an edge of that offset. Nil keeps all.
	Strides [][]int
	// Randomized makes Strides a probability, 1/∏stride for each edge by itself, instead of a grid.
	Randomized bool
	// Rand is used when Randomized is set, and then twice for each channel whose strides are not all 1.
	Rand *rand.Rand
}

// MutexWatershed writes to dst the mutex watershed clustering of a volume's voxels (Wolf et al., The Mutex Watershed,
// ECCV 2018), labelled 1, 2, … in the order of their first voxels.
//
// affs is channel first, with one channel for each offset; dst holds one element for each voxel of shape. The edge
// from voxel p to p+offset exists where both lie inside, and has the score affinity + bias in float64 (v/255 + bias
// for uint8). Edges are taken in the order of falling |score|, equal ones by channel, then by voxel p in C order. A
// positive edge joins its clusters unless they exclude each other; any other edge makes them exclude each other unless
// they are one. A voxel that no positive edge touches, whether or not that edge joined anything, is background: it is
// labelled 0 and its edges do not count.
//
// Beyond its arguments the call needs, for 9 offsets, about 32 bytes a voxel for uint8 and 75 for floats, and up to 100
// more where repulsive edges lie between very many clusters, as in noise. It
// panics when the volume has more than MaxMutexEdges edges; NaN affinities give an arbitrary clustering
// (see FirstNotFinite).
func MutexWatershed[T Affinity](dst []uint64, affs []T, shape []int, p MutexWatershedParams) {
	mutexWatershed(dst, affs, shape, p, smallCluster)
}

// mutexWatershed is MutexWatershed with small clusters of up to small voxels, at least one.
func mutexWatershed[T Affinity](dst []uint64, affs []T, shape []int, p MutexWatershedParams, small int) {
	n := nd.Len(shape)
	mustFit("labels", len(dst), n)
	mustFit("affinities", len(affs), n*len(p.Offsets))
	mustFit("bias", len(p.Bias), len(p.Offsets))
	if len(affs) > MaxMutexEdges {
		panic(fmt.Sprintf("kernels: mutex watershed of %v voxels with %d offsets is too large", shape, len(p.Offsets)))
	}
	if n == 0 {
		return
	}
	channels := mutexChannels(shape, p)
	var f forest
	switch a := any(affs).(type) {
	case []uint8:
		f = mutexBytes(a, n, channels, small)
	case []float32:
		f = mutexFloats(a, n, channels, small)
	case []float64:
		f = mutexFloats(a, n, channels, small)
	}
	f.labels(dst)
}

// A mutexChannel is one channel of the affinities and the voxels whose edges count.
type mutexChannel struct {
	*lattice
	base int // of the channel in the affinities
	bias float64
	norm int // the sum of the absolute steps of its offset
}

func mutexChannels(shape []int, p MutexWatershedParams) []mutexChannel {
	if p.Strides != nil {
		mustFit("strides", len(p.Strides), len(p.Offsets))
	}
	channels := make([]mutexChannel, len(p.Offsets))
	for c, offset := range p.Offsets {
		var step []int
		if p.Strides != nil {
			step = p.Strides[c]
		}
		l := newLattice(shape, offset, step)
		if p.Randomized {
			l.randomize(p.Rand)
		}
		norm := 0
		for _, o := range offset {
			norm += max(o, -o)
		}
		channels[c] = mutexChannel{lattice: l, base: c * nd.Len(shape), bias: p.Bias[c], norm: norm}
	}
	return channels
}
