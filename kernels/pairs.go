package kernels

// A pairIndex numbers pairs of ids 0, 1, 2, … in the order in which they are first seen.
type pairIndex struct {
	pairs []pair
	table []int32 // open addressing: number + 1, 0 where free; a power of two long
}

type pair struct{ a, b uint64 }

func newPairIndex() *pairIndex { return &pairIndex{table: make([]int32, 1<<8)} }

// number returns the number of the pair (a, b), a new one if it was never seen.
func (x *pairIndex) number(a, b uint64) int {
	mask := uint64(len(x.table) - 1)
	for slot := hashPair(a, b); ; slot++ {
		k := x.table[slot&mask]
		if k == 0 {
			x.pairs = append(x.pairs, pair{a, b})
			x.table[slot&mask] = int32(len(x.pairs))
			if 2*len(x.pairs) > len(x.table) {
				x.grow()
			}
			return len(x.pairs) - 1
		}
		if p := x.pairs[k-1]; p.a == a && p.b == b {
			return int(k - 1)
		}
	}
}

func (x *pairIndex) grow() {
	x.table = make([]int32, 4*len(x.table))
	mask := uint64(len(x.table) - 1)
	for i, p := range x.pairs {
		slot := hashPair(p.a, p.b)
		for x.table[slot&mask] != 0 {
			slot++
		}
		x.table[slot&mask] = int32(i + 1)
	}
}

// hashPair mixes two ids; all of its bits may be used.
func hashPair(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 ^ (b+0x7F4A7C15)*0xC2B2AE3D27D4EB4F
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>32
}
