package kernels

import "math"

// exclusions are pairs of clusters 0, 1, 2, … that must not be joined, each from some moment on.
//
// A pair is one entry, which an open-addressing hash table finds and which is chained to both of its clusters. When
// two clusters merge, the entries of the one that has fewer are rewritten in place; so each of M entries is rewritten
// at most log(M) times.
//
// Clusters that exclude each other do so for good, and most questions are about a few such pairs: those asked about last
// are kept apart, where one look finds them.
type exclusions struct {
	entries  []exclusion // entry 0 is none
	slots    []uint32    // a power of two long: entries, 0 where free
	used     int         // slots
	clusters []excluded
	sure     []uint64 // pairs, by hash, that were found to exclude each other
}

const (
	hashFactor = 0x9E3779B97F4A7C15 // 2⁶⁴ divided by the golden ratio
	sureBits   = 12                 // 32 KiB, an L1 cache
)

// An excluded cluster is the chain of its entries.
type excluded struct {
	first uint32
	len   uint32
}

// An exclusion is two clusters that exclude each other.
type exclusion struct {
	clusters [2]uint32
	next     [2]uint32 // in the chain of each cluster
	since    moment
}

// void takes the place of a cluster in an entry that is no longer needed.
const void = math.MaxUint32

func (e *exclusion) void() bool { return e.clusters[0] == void || e.clusters[1] == void }

// A moment is the place of an edge in the falling order of |score|, equal ones by number.
type moment struct {
	strength float64 // |score|
	edge     uint32
}

func (m moment) before(o moment) bool {
	return m.strength > o.strength || m.strength == o.strength && m.edge < o.edge
}

func newExclusions() *exclusions {
	entries := make([]exclusion, 1, 1<<8)
	entries[0].since.strength = -1
	return &exclusions{entries: entries, slots: make([]uint32, 1<<9), sure: make([]uint64, 1<<sureBits)}
}

// newCluster returns the number of another cluster.
func (x *exclusions) newCluster() uint32 {
	x.clusters = append(x.clusters, excluded{})
	return uint32(len(x.clusters) - 1)
}

// since returns the moment of a slot, one after all edges if it is free.
func (x *exclusions) since(slot uint32) moment { return x.entries[x.slots[slot]].since }

// add makes two different clusters, whose slot it is given, exclude each other since a moment, or an earlier one if
// they do already.
func (x *exclusions) add(slot, a, b uint32, since moment) {
	if i := x.slots[slot]; i != 0 {
		if e := &x.entries[i]; since.before(e.since) {
			e.since = since
		}
		return
	}
	x.entries = append(x.entries, exclusion{since: since})
	i := uint32(len(x.entries) - 1)
	x.chain(i, 0, a)
	x.chain(i, 1, b)
	x.fill(slot, i)
}

// excludes reports whether two clusters exclude each other at a moment, which must not be before that of an earlier
// call.
func (x *exclusions) excludes(a, b uint32, at moment) bool {
	key := uint64(min(a, b))<<32 | uint64(max(a, b))
	sure := &x.sure[key*hashFactor>>(64-sureBits)]
	if *sure == key {
		return true
	}
	if !x.since(x.slot(a, b)).before(at) {
		return false
	}
	*sure = key
	return true
}

// merge makes one cluster of two. It returns the number that it has; the other one must not be used any more.
func (x *exclusions) merge(a, b uint32) uint32 {
	if x.clusters[a].len < x.clusters[b].len {
		a, b = b, a
	}
	for i := x.clusters[b].first; i != 0; {
		e := &x.entries[i]
		side := 0
		if e.clusters[1] == b {
			side = 1
		}
		next := e.next[side]
		x.rewrite(i, side, a)
		i = next
	}
	x.clusters[b] = excluded{}
	return a
}

// rewrite puts cluster a in the place of the one on a side of an entry. The entry is void where there is one already,
// or none is needed; but it stays in the other cluster's chain.
func (x *exclusions) rewrite(i uint32, side int, a uint32) {
	e := &x.entries[i]
	other := e.clusters[1-side]
	e.clusters[side] = void
	if other == void || other == a {
		return
	}
	slot := x.slot(a, other)
	if k := x.slots[slot]; k != 0 {
		if have := &x.entries[k]; e.since.before(have.since) {
			have.since = e.since
		}
		return
	}
	x.chain(i, side, a)
	x.fill(slot, i)
}

// chain makes cluster a that of an entry's side.
func (x *exclusions) chain(i uint32, side int, a uint32) {
	e, c := &x.entries[i], &x.clusters[a]
	e.clusters[side], e.next[side] = a, c.first
	c.first = i
	c.len++
}

// slot returns the slot of the entry of two clusters, or the free one where it belongs.
func (x *exclusions) slot(a, b uint32) uint32 {
	key := uint64(min(a, b))<<32 | uint64(max(a, b))
	mask := uint32(len(x.slots) - 1)
	for slot := uint32(key*hashFactor>>32) & mask; ; slot = (slot + 1) & mask {
		i := x.slots[slot]
		if i == 0 {
			return slot
		}
		if c := &x.entries[i].clusters; c[0] == a && c[1] == b || c[0] == b && c[1] == a {
			return slot
		}
	}
}

// fill uses a free slot. A rewritten entry keeps its old slot too until the table is made anew, where no look-up takes
// it for another one.
func (x *exclusions) fill(slot, i uint32) {
	x.slots[slot] = i
	if x.used++; 3*x.used <= 2*len(x.slots) {
		return
	}
	live := 0
	for i := range x.entries[1:] {
		if !x.entries[i+1].void() {
			live++
		}
	}
	size := len(x.slots)
	for size < 3*live {
		size *= 2
	}
	x.slots, x.used = make([]uint32, size), live
	for i, e := range x.entries[1:] {
		if !e.void() {
			x.slots[x.slot(e.clusters[0], e.clusters[1])] = uint32(i + 1)
		}
	}
}
