package kernels

import "math/bits"

// smallCluster is the number of voxels up to which a cluster is small.
const smallCluster = 32

// mutexClusters are the clusters of a mutex watershed. Attractive edges are taken in order. Repulsive ones need not be:
// two clusters exclude each other at a moment if some repulsive edge that was before it leads from one to the other,
// and whether there is one is looked up when it matters.
//
//   - A small cluster knows its voxels, and these know the repulsive edges that touch them.
//   - Two big clusters have an entry in a table, with the first repulsive edge between them. The edges of a voxel are
//     entered when it becomes part of a big cluster, so each is looked at once from either end.
//
// The repulsive edges are made known by and by, before they begin to matter: many are in one cluster, or between
// clusters that exclude each other anyway, by then.
type mutexClusters[T Affinity] struct {
	forest         // the entry of a root: see size, touched and number
	smallest int32 // entry of a small cluster
	big      *exclusions
	voxels   touchedVoxels
	reach    touchReach
	ends     []edgeEnd // 2c: how to come to the first voxel of an edge of channel c from its second; 2c+1: the reverse
	affs     []T
	scores   [][256]float64 // of uint8 affinities, by channel
	met      []meeting      // scratch
	channels []mutexChannel
}

// An edgeEnd says how to go from one end of an edge, voxel i, to the other.
type edgeEnd struct {
	jump int32 // to the other end, in voxels
	edge int   // to the edge's number, channel × voxels + voxel
}

// A meeting is a repulsive edge to a big cluster.
type meeting struct {
	cluster uint32
	end     int32
	edge    uint32
}

func newMutexClusters[T Affinity](affs []T, n int, channels []mutexChannel, small int) *mutexClusters[T] {
	m := &mutexClusters[T]{
		forest: newForest(n, -2), smallest: int32(-2*small - 1), big: newExclusions(), voxels: newTouchedVoxels(n, 2*len(channels)),
		reach: newTouchReach(channels, small), affs: affs, channels: channels,
	}
	for _, ch := range channels {
		shift := int32(ch.shift)
		m.ends = append(m.ends, edgeEnd{jump: -shift, edge: ch.base - ch.shift}, edgeEnd{jump: shift, edge: ch.base})
	}
	return m
}

func (m *mutexClusters[T]) isBig(root int32) bool { return m.forest[root] < m.smallest }

// size returns the number of voxels of a small cluster.
func (m *mutexClusters[T]) size(root int32) int { return int(-m.forest[root] >> 1) }

// touched reports whether known repulsive edges touch a small cluster.
func (m *mutexClusters[T]) touched(root int32) bool { return m.forest[root]&1 != 0 }

// number returns the number of a big cluster by its root; bigEntry is the inverse.
func (m *mutexClusters[T]) number(root int32) uint32     { return uint32(m.smallest - 1 - m.forest[root]) }
func (m *mutexClusters[T]) bigEntry(number uint32) int32 { return m.smallest - 1 - int32(number) }

// since returns the moment of a repulsive edge.
func (m *mutexClusters[T]) since(end int32, edge uint32) moment {
	a := m.affs[edge]
	if m.scores != nil {
		return moment{-m.scores[end>>1][uint8(a)], edge}
	}
	return moment{-(float64(a) + m.channels[end>>1].bias), edge}
}

// repel makes the repulsive edge of channel c from voxel u known. All that are before a moment have to be known by then.
func (m *mutexClusters[T]) repel(u, c int, now moment) {
	end := int32(2*c + 1)
	p := int32(u)
	q := p + m.ends[end].jump
	rootP, rootQ := m.find(p), m.find(q)
	if rootP == rootQ {
		return
	}
	bigP, bigQ := m.isBig(rootP), m.isBig(rootQ)
	if bigP && bigQ {
		m.enter(m.number(rootP), meeting{m.number(rootQ), end, uint32(u + m.ends[end].edge)}, now)
		return
	}
	if !bigP {
		m.voxels.touch(p, rootP, end)
		m.forest[rootP] = -(-m.forest[rootP] | 1)
	}
	if !bigQ {
		m.voxels.touch(q, rootQ, end-1)
		m.forest[rootQ] = -(-m.forest[rootQ] | 1)
	}
}

// attract takes an attractive edge between u and v: it joins their clusters unless these exclude each other.
func (m *mutexClusters[T]) attract(u, v int32, now moment) {
	u, v = m.find(u), m.find(v)
	if u == v {
		return
	}
	if m.forest[u] < m.forest[v] {
		u, v = v, u // u is not the bigger one
	}
	switch {
	case m.isBig(u):
		if a, b := m.number(u), m.number(v); !m.big.excludes(a, b, now) {
			m.join(u, v, m.bigEntry(m.big.merge(a, b)))
		}
	case m.isBig(v):
		m.absorb(u, v, now)
	case m.touched(u) && m.touched(v) && m.touches(u, v, now):
	default:
		m.joinSmall(u, v, now)
	}
}

// joinSmall joins two small clusters, perhaps to a big one.
func (m *mutexClusters[T]) joinSmall(u, v int32, now moment) {
	u, v = min(u, v), max(u, v)
	if m.touched(v) {
		m.voxels.splice(u, v)
	}
	touched := (m.forest[u] | m.forest[v]) & 1
	entry := -(int32(m.size(u)+m.size(v))<<1 | touched)
	if entry >= m.smallest {
		m.join(u, v, entry)
		return
	}
	m.join(u, v, m.bigEntry(m.big.newCluster()))
	if touched != 0 {
		m.grown(u, now)
	}
}

// touches reports whether a repulsive edge of before now leads from one small cluster to another.
func (m *mutexClusters[T]) touches(u, v int32, now moment) bool {
	reach := m.reach.of(m.size(u) + m.size(v))
	for i := u; ; {
		next, masks := m.voxels.at(i)
		for w, mask := range masks {
			for mask &= reach[w]; mask != 0; mask &= mask - 1 {
				k := int32(32*w + bits.TrailingZeros32(mask))
				end := &m.ends[k]
				if m.find(i+end.jump) == v && m.since(k, uint32(int(i)+end.edge)).before(now) {
					return true
				}
			}
		}
		if i = next; i == u {
			return false
		}
	}
}

// absorb joins a small cluster u to a big one v unless they exclude each other.
func (m *mutexClusters[T]) absorb(u, v int32, now moment) {
	if !m.touched(u) {
		m.join(u, v, m.forest[v])
		return
	}
	m.met = m.met[:0]
	for i := u; ; {
		next, masks := m.voxels.at(i)
		for w, mask := range masks {
			for ; mask != 0; mask &= mask - 1 {
				k := int32(32*w + bits.TrailingZeros32(mask))
				end := &m.ends[k]
				r, edge := m.find(i+end.jump), uint32(int(i)+end.edge)
				if r == v {
					if m.since(k, edge).before(now) {
						return
					}
				} else if m.isBig(r) {
					m.met = append(m.met, meeting{m.number(r), k, edge})
				}
			}
		}
		if i = next; i == u {
			break
		}
	}
	self := m.number(v)
	m.join(u, v, m.forest[v])
	for _, met := range m.met {
		m.enter(self, met, now)
	}
}

// grown enters the edges of a cluster that has just become big to other big ones.
func (m *mutexClusters[T]) grown(u int32, now moment) {
	self := m.number(u)
	for i := u; ; {
		next, masks := m.voxels.at(i)
		for w, mask := range masks {
			for ; mask != 0; mask &= mask - 1 {
				k := int32(32*w + bits.TrailingZeros32(mask))
				end := &m.ends[k]
				if r := m.find(i + end.jump); r != u && m.isBig(r) {
					m.enter(self, meeting{m.number(r), k, uint32(int(i) + end.edge)}, now)
				}
			}
		}
		if i = next; i == u {
			return
		}
	}
}

// enter enters a repulsive edge between two big clusters, unless they exclude each other by now: the affinity is not
// even looked at.
func (m *mutexClusters[T]) enter(self uint32, met meeting, now moment) {
	if !m.big.excludes(self, met.cluster, now) {
		m.big.add(m.big.slot(self, met.cluster), self, met.cluster, m.since(met.end, met.edge))
	}
}
