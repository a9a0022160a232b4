package volume

import (
	"math/big"
	"math/bits"
)

// A wide is a sum of 64-bit numbers and of their squares that cannot overflow: 192 bits.
type wide [3]uint64 // lowest word first

// add adds a 128-bit number.
func (w *wide) add(hi, lo uint64) {
	var carry uint64
	w[0], carry = bits.Add64(w[0], lo, 0)
	w[1], carry = bits.Add64(w[1], hi, carry)
	w[2] += carry
}

// addSquare adds v².
func (w *wide) addSquare(v uint64) { w.add(bits.Mul64(v, v)) }

// addTimes adds v so many times.
func (w *wide) addTimes(v uint64, times int64) {
	hi, lo := bits.Mul64(v, uint64(times))
	w.add(hi, lo)
}

// addSquareTimes adds v² so many times.
func (w *wide) addSquareTimes(v uint64, times int64) {
	hi, lo := bits.Mul64(v, v)
	upper, middle := bits.Mul64(hi, uint64(times))
	carry, lowest := bits.Mul64(lo, uint64(times))
	w.add(carry, lowest)
	w.merge(wide{0, middle, upper})
}

func (w *wide) merge(o wide) {
	var carry uint64
	w[0], carry = bits.Add64(w[0], o[0], 0)
	w[1], carry = bits.Add64(w[1], o[1], carry)
	w[2] += o[2] + carry
}

func (w wide) big() *big.Int {
	n := new(big.Int).SetUint64(w[2])
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w[1]))
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w[0]))
}
