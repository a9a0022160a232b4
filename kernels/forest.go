package kernels

// outside is the parent of a node that takes no part in the clustering.
const outside = -1

// A forest clusters nodes under attraction and mutual exclusion: a disjoint-set forest whose roots carry lists of the
// clusters that they must never join.
//
// The root of a cluster is its smallest node, so that parent[i] <= i always. A cluster's exclusions are a circular
// linked list, so that joining two lists is one swap. An entry names some node of the other cluster, found again by
// its root; entries may repeat. Every exclusion stands in both lists, so a look-up walks two lists in step and ends
// with the shorter one. A look-up that finds nothing is followed by a join, which bounds all such walks by
// M·log(M) steps for M exclusions; one that finds something is remembered by the pair of roots.
type forest struct {
	parent     []int32
	exclusions []uint32 // for each root, the last entry of its list in links; 0: the list is empty
	links      []link   // links[0] is not used
	known      []uint64 // a direct-mapped cache of pairs of roots that exclude each other
}

type link struct {
	node int32
	next uint32
}

const knownBits = 13

// newForest returns n separate nodes, with room for a number of exclusions.
func newForest(n, exclusions int) *forest {
	f := &forest{
		parent:     make([]int32, n),
		exclusions: make([]uint32, n),
		links:      make([]link, 1, 1+2*exclusions),
		known:      make([]uint64, 1<<knownBits),
	}
	for i := range f.parent {
		f.parent[i] = int32(i)
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
	for {
		g := parent[p]
		if g == p {
			return p
		}
		parent[i] = g
		i, p = g, parent[g]
	}
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
	f.parent[high] = low
	a, b := f.exclusions[low], f.exclusions[high]
	switch {
	case b == 0:
	case a == 0:
		f.exclusions[low] = b
	default:
		f.links[a].next, f.links[b].next = f.links[b].next, f.links[a].next
	}
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
	f.push(u, v)
	f.push(v, u)
}

// push appends node to root's exclusions.
func (f *forest) push(root, node int32) {
	i := uint32(len(f.links))
	tail := f.exclusions[root]
	if tail == 0 {
		f.links = append(f.links, link{node, i})
		f.exclusions[root] = i
		return
	}
	// The new entry goes to the head of the list: a recent exclusion is the likeliest to be asked for.
	f.links = append(f.links, link{node, f.links[tail].next})
	f.links[tail].next = i
}

// excluded reports whether two different roots exclude each other.
func (f *forest) excluded(u, v int32) bool {
	tailU, tailV := f.exclusions[u], f.exclusions[v]
	if tailU == 0 || tailV == 0 {
		return false
	}
	key, slot := pairKey(u, v)
	if f.known[slot] == key {
		return true
	}
	if !f.search(u, v, tailU, tailV) {
		return false
	}
	f.known[slot] = key
	return true
}

func (f *forest) search(u, v int32, tailU, tailV uint32) bool {
	headU, headV := f.links[tailU].next, f.links[tailV].next
	for i, j := headU, headV; ; i, j = f.links[i].next, f.links[j].next {
		if f.find(f.links[i].node) == v {
			f.links[i].node, f.links[headU].node = f.links[headU].node, f.links[i].node
			return true
		}
		if f.find(f.links[j].node) == u {
			f.links[j].node, f.links[headV].node = f.links[headV].node, f.links[j].node
			return true
		}
		if i == tailU || j == tailV {
			return false
		}
	}
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
		case int(p) == i:
			n++
			dst[i] = uint64(n)
		default:
			dst[i] = dst[p]
		}
	}
	return n
}
