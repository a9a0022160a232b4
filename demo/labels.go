package demo

import (
	"volara/geometry"
	"volara/nd"
)

// Labels returns a volume of branching neurites, and a few cell bodies where there is room, that fill it wholly and
// touch each other: uint32, ids 1 to the number of neurites, no background. Each label is one face-connected piece.
//
// shape (voxels) has 1 to 3 components, slowest axis first, and voxel as many (world units). The calibre of the
// neurites follows the voxel size: the thinnest are some four voxels of the coarsest axis and a dozen of the finest
// across. The volume is a function of shape, voxel and seed alone. Making it takes about twice the memory of the
// result beside it.
func Labels(shape []int, voxel geometry.Coordinate, seed uint64) (*nd.Array, error) {
	f, err := newFrame(shape, voxel)
	if err != nil {
		return nil, err
	}
	a := nd.New(nd.Uint32, shape...)
	labels := nd.Values[uint32](a)
	partition(labels, f, grow(f, seed), hash(seed, 1))
	connected(labels, f.shape, smallest(f))
	return a, nil
}

// smallest returns the number of voxels of the smallest piece that counts as a neurite of its own: those of a ball of
// 1.2 calibres (a disc, in two dimensions).
func smallest(f frame) int {
	n, cells := 1.0, 1.0
	for d := range 3 {
		if !f.flat(d) {
			n *= 1.2 * 2 * f.calibre() / f.voxel[d]
			cells *= 0.8
		}
	}
	return max(1, int(n*cells))
}
