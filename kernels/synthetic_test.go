package kernels

import (
	"math/rand/v2"

	"volara/nd"
)

// syntheticFragments returns the Voronoi cells of a jittered grid of some pitch, in voxels.
func syntheticFragments(shape []int, pitch int) []uint64 {
	r := rand.New(rand.NewPCG(1, 1))
	cells := make([]int, len(shape))
	for d, s := range shape {
		cells[d] = s/pitch + 3
	}
	centres := make([][]int, nd.Len(cells))
	for i := range centres {
		for _, c := range unravel(i, cells) {
			centres[i] = append(centres[i], (c-1)*pitch+r.IntN(pitch))
		}
	}
	around := make([]int, len(shape))
	for d := range around {
		around[d] = 3
	}
	labels := make([]uint64, nd.Len(shape))
	for i := range labels {
		at, best := unravel(i, shape), 1<<62
		for k := range nd.Len(around) {
			id, distance := 0, 0
			step := unravel(k, around)
			for d, x := range at {
				id = id*cells[d] + x/pitch + step[d]
			}
			for d, x := range at {
				distance += (x - centres[id][d]) * (x - centres[id][d])
			}
			if distance < best {
				best, labels[i] = distance, uint64(id+1)
			}
		}
	}
	return labels
}

// syntheticAffinities returns noisy affinities of syntheticFragments.
func syntheticAffinities(shape []int, pitch int, offsets [][]int) []uint8 {
	r := rand.New(rand.NewPCG(2, 2))
	labels, n := syntheticFragments(shape, pitch), nd.Len(shape)
	affs := make([]uint8, n*len(offsets))
	for c, o := range offsets {
		for i := range n {
			v := 0.1
			if j, ok := neighbour(i, o, shape); ok && labels[i] == labels[j] {
				v = 1
			}
			affs[c*n+i] = uint8(255 * min(1, max(0, v+0.15*r.NormFloat64())))
		}
	}
	return affs
}
