package kernels

import "math"

// outside is the entry of a node that takes no part in the clustering.
const outside = math.MinInt32

// A forest clusters nodes under attraction and mutual exclusion: a disjoint-set forest whose roots know the clusters
// that they must never join.
//
// The root of a cluster is its smallest node, so that a parent is never greater than its child. Every exclusion stands
// in the lists of both clusters, as some node of the other one, so a look-up need only read the shorter list. A look-up
// that finds nothing is followed by a join, which bounds all of them by M·log(M) steps for M exclusions; one that finds
// something is remembered by the pair of roots.
type forest struct {
	parent []int32 // of a root: -1 - its list of exclusions
	lists  blockLists
	known  []uint64 // a direct-mapped cache of pairs of roots that exclude each other
}

const knownBits = 13

// newForest returns n separate nodes.
func newForest(n int) *forest {
	f := &forest{parent: make([]int32, n), known: make([]uint64, 1<<knownBits)}
	for i := range f.parent {
		f.parent[i] = -1
	}
	return f
}

// drop puts the nodes that are not alive outside.
func (f *forest) drop(alive []uint8) {
	for i, a := range alive {
		if a == 0 {
			f.parent[i] = outside
		}
	}
}

// find returns the root of node i, which must not be outside, and shortens the way to it.
func (f *forest) find(i int32) int32 {
	parent := f.parent
	p := parent[i]
	if p < 0 {
		return i
	}
	for {
		g := parent[p]
		if g < 0 {
			return p
		}
		parent[i] = g
		i, p = p, g
	}
}

// list returns the list of exclusions of a root.
func (f *forest) list(root int32) blockList { return blockList(-1 - f.parent[root]) }

func (f *forest) setList(root int32, list blockList) { f.parent[root] = -1 - int32(list) }

// settled reports whether an edge between u and v no longer matters: because both are seen to be in one cluster at
// first glance, or one is outside.
func (f *forest) settled(u, v int32) bool {
	p, q := f.parent[u], f.parent[v]
	return p == q && p >= 0 || p == outside || q == outside
}

// attract joins the clusters of u and v unless they exclude each other.
func (f *forest) attract(u, v int32) {
	u, v = f.find(u), f.find(v)
	if u == v || f.excluded(u, v) {
		return
	}
	f.join(u, v)
}

// join makes one cluster of two roots.
func (f *forest) join(u, v int32) {
	low, high := min(u, v), max(u, v)
	if list := f.list(high); list != 0 {
		f.setList(low, f.lists.concat(f.list(low), list))
	}
	f.parent[high] = low
}

// repel makes the clusters of u and v exclude each other unless they are one already.
func (f *forest) repel(u, v int32) {
	u, v = f.find(u), f.find(v)
	if u == v {
		return
	}
	key, slot := pairKey(u, v)
	if f.known[slot] == key {
		return
	}
	f.known[slot] = key
	f.setList(u, f.lists.push(f.list(u), v))
	f.setList(v, f.lists.push(f.list(v), u))
}

// excluded reports whether two different roots exclude each other.
func (f *forest) excluded(u, v int32) bool {
	listU, listV := f.list(u), f.list(v)
	if listU == 0 || listV == 0 {
		return false
	}
	key, slot := pairKey(u, v)
	if f.known[slot] == key {
		return true
	}
	if !f.search(u, v, listU, listV) {
		return false
	}
	f.known[slot] = key
	return true
}

// search looks for v in u's list or for u in v's, whichever turns out shorter.
func (f *forest) search(u, v int32, listU, listV blockList) bool {
	switch {
	case !listU.long():
		return f.holds(f.lists.block(listU.tail()), v)
	case !listV.long():
		return f.holds(f.lists.block(listV.tail()), u)
	}
	walkU, walkV := f.lists.walk(listU), f.lists.walk(listV)
	found := false
	for !found && !walkU.done && !walkV.done {
		found = f.step(&walkU, v) || f.step(&walkV, u)
	}
	f.setList(u, f.lists.finish(&walkU))
	f.setList(v, f.lists.finish(&walkV))
	return found
}

// holds reports whether a block of exclusions names a node of the cluster of root. It replaces the nodes by their roots.
func (f *forest) holds(b *block, root int32) bool {
	found := false
	for i, node := range b.nodes[:b.n] {
		r := f.find(node)
		if r != node {
			b.nodes[i] = r
		}
		found = found || r == root
	}
	return found
}

// step takes a walk over one block, like holds. Most nodes of a long list are in a few clusters: it keeps, as far as a
// small table can tell, one node of each.
func (f *forest) step(w *blockWalk, root int32) bool {
	b := f.lists.block(w.read)
	found := false
	for _, node := range b.nodes[:b.n] {
		r := f.find(node)
		found = found || r == root
		if seen := &w.seen[r&(seenRoots-1)]; *seen != r+1 {
			*seen = r + 1
			f.lists.keep(w, r)
		}
	}
	f.lists.advance(w)
	return found
}

// pairKey returns a number for an unordered pair, never zero for different nodes, and its place in the cache.
func pairKey(u, v int32) (key uint64, slot uint64) {
	key = uint64(min(u, v))<<32 | uint64(max(u, v))
	return key, key * 0x9E3779B97F4A7C15 >> (64 - knownBits)
}

// labels writes the clusters as 1, 2, … in the order of their first nodes, and 0 outside. It returns their number.
func (f *forest) labels(dst []uint64) int {
	n := 0
	for i, p := range f.parent {
		switch {
		case p == outside:
			dst[i] = 0
		case p < 0:
			n++
			dst[i] = uint64(n)
		default:
			dst[i] = dst[p]
		}
	}
	return n
}
