package kernels

import (
	"fmt"
	"math/bits"
)

// A Lookup maps ids to ids; ids that it does not hold stay themselves. It may be used concurrently.
type Lookup struct {
	entries []lookupEntry // open addressing; a power of two long
	shift   int
	size    int
	zero    uint64 // what 0 becomes; 0 as a key marks a free entry
}

type lookupEntry struct{ from, to uint64 }

// NewLookup returns the map of from[i] to to[i]; a later pair overrides an earlier one. It keeps neither slice.
func NewLookup(from, to []uint64) *Lookup {
	if len(from) != len(to) {
		panic(fmt.Sprintf("kernels: lookup of %d ids to %d", len(from), len(to)))
	}
	logSize := bits.Len(uint(2 * len(from)))
	l := &Lookup{entries: make([]lookupEntry, 1<<logSize), shift: 64 - logSize}
	for i, id := range from {
		if id == 0 {
			l.zero = to[i]
			continue
		}
		e := l.entry(id)
		if e.from == 0 {
			l.size++
		}
		*e = lookupEntry{id, to[i]}
	}
	return l
}

// entry returns the entry of id, or the free one where it would stand.
func (l *Lookup) entry(id uint64) *lookupEntry {
	mask := uint64(len(l.entries) - 1)
	for slot := id * 0x9E3779B97F4A7C15 >> l.shift; ; slot++ {
		e := &l.entries[slot&mask]
		if e.from == id || e.from == 0 {
			return e
		}
	}
}

// At returns what id becomes.
func (l *Lookup) At(id uint64) uint64 {
	if id == 0 {
		return l.zero
	}
	if e := l.entry(id); e.from == id {
		return e.to
	}
	return id
}

// Apply writes to dst what the ids of src become; dst may be src. Long runs of one id cost little.
func (l *Lookup) Apply(dst, src []uint64) {
	mustFit("destination", len(dst), len(src))
	if len(src) == 0 {
		return
	}
	dst = dst[:len(src)]
	last := src[0]
	to := l.At(last)
	for i, id := range src {
		if id != last {
			last, to = id, l.At(id)
		}
		dst[i] = to
	}
}
