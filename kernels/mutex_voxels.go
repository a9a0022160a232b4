package kernels

// touchedVoxels are the voxels of small clusters. Each holds the next voxel of its cluster's ring, and which repulsive
// edges touch it. The root of a cluster is in its ring; of the others, those that no repulsive edge touches are not.
type touchedVoxels struct {
	size int // of a voxel in data: the next one, and a bit for each end of an edge
	data []uint32
}

func newTouchedVoxels(n, ends int) touchedVoxels {
	t := touchedVoxels{size: 1 + (ends+31)/32}
	t.data = make([]uint32, n*t.size)
	for i := range n {
		t.data[i*t.size] = uint32(i)
	}
	return t
}

// at returns the next voxel in the ring of voxel i and the edges that touch i.
func (t *touchedVoxels) at(i int32) (next int32, masks []uint32) {
	v := t.data[int(i)*t.size:][:t.size]
	return int32(v[0]), v[1:]
}

// touch adds an edge to those of voxel i, and the voxel to the ring of its root.
func (t *touchedVoxels) touch(i, root, end int32) {
	v := t.data[int(i)*t.size:][:t.size]
	v[1+end>>5] |= 1 << (end & 31)
	if i != root && v[0] == uint32(i) {
		r := &t.data[int(root)*t.size]
		v[0], *r = *r, uint32(i)
	}
}

// splice makes one ring of those of two roots.
func (t *touchedVoxels) splice(u, v int32) {
	a, b := &t.data[int(u)*t.size], &t.data[int(v)*t.size]
	*a, *b = *b, *a
}

// touchReach knows which repulsive edges may lead from one small cluster to another that an attractive edge connects:
// in a cluster of k voxels none are further apart than k-1 of the longest attractive edges so far.
type touchReach struct {
	norms []int // of each channel's offset: the sum of its absolute steps
	small int
	words int
	step  int // the longest norm of attractive edges so far
	masks []uint32
}

func newTouchReach(channels []mutexChannel, small int) touchReach {
	r := touchReach{small: small, words: (2*len(channels) + 31) / 32, step: -1}
	for _, ch := range channels {
		r.norms = append(r.norms, ch.norm)
	}
	r.masks = make([]uint32, (2*small+1)*r.words)
	return r
}

// of returns the edges that may lead from one cluster to another that have size voxels together.
func (r *touchReach) of(size int) []uint32 { return r.masks[size*r.words:] }

// include is to be called before attractive edges of channel c are taken.
func (r *touchReach) include(c int) {
	step := r.norms[c]
	if step <= r.step {
		return
	}
	r.step = step
	for size := 1; size <= 2*r.small; size++ {
		for c, norm := range r.norms {
			if norm <= (size-1)*step {
				r.masks[size*r.words+c/16] |= 3 << (2 * c % 32)
			}
		}
	}
}
