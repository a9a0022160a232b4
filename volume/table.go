package volume

import (
	"math"
	"math/big"

	"volara/nd"
)

// A table counts each value of a type of one or two bytes, by its bits.
type table struct {
	dtype  nd.DType
	counts []int64
}

func (t *table) add(a *nd.Array) {
	if len(t.counts) == 1<<8 {
		for _, v := range a.Bytes() {
			t.counts[v]++
		}
		return
	}
	if t.dtype == nd.Int16 {
		for _, v := range nd.Values[int16](a) {
			t.counts[uint16(v)]++
		}
		return
	}
	for _, v := range nd.Values[uint16](a) {
		t.counts[v]++
	}
}

func (t *table) merge(o tally) {
	for i, n := range o.(*table).counts {
		t.counts[i] += n
	}
}

// value returns the value that the bits stand for: exact, for all types of one or two bytes fit a float64.
func (t *table) value(bits int) float64 {
	switch t.dtype {
	case nd.Int8:
		return float64(int8(bits))
	case nd.Int16:
		return float64(int16(bits))
	case nd.Float16:
		return nd.HalfToFloat(uint16(bits))
	}
	return float64(bits)
}

func (t *table) moments() Moments {
	m := Moments{}
	lo, hi, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	var finite int64
	sum, squares, term := new(big.Rat), new(big.Rat), new(big.Rat)
	for bits, n := range t.counts {
		if n == 0 {
			continue
		}
		m.Voxels += n
		v := t.value(bits)
		switch {
		case math.IsNaN(v):
			m.NaN += n
			continue
		case v == 0:
			m.Zeros += n
		case math.IsInf(v, 0):
			m.Infinite += n
		}
		lo, hi = min(lo, v), max(hi, v)
		if !math.IsInf(v, 0) {
			finite += n
			low, high = min(low, v), max(high, v)
			times, value := new(big.Rat).SetInt64(n), new(big.Rat).SetFloat64(v)
			sum.Add(sum, term.Mul(times, value))
			squares.Add(squares, term.Mul(term, value))
		}
	}
	if m.Voxels > m.NaN {
		m.setRange(floatValue(lo, 32), floatValue(hi, 32))
	}
	if finite > 0 {
		m.setRational(finite, sum, squares)
		m.setFinite(low, high)
	}
	return m
}

// setRational is setExact for sums that are fractions.
func (m *Moments) setRational(n int64, sum, squares *big.Rat) {
	count := new(big.Rat).SetInt64(n)
	mean := new(big.Rat).Quo(sum, count)
	variance := new(big.Rat).Quo(squares, count)
	variance.Sub(variance, new(big.Rat).Mul(mean, mean))
	middle, _ := mean.Float64()
	spread, _ := variance.Float64()
	std := math.Sqrt(spread)
	m.Mean, m.Std = &middle, &std
}

// distinct returns how many values occur; all NaNs are one.
func (t *table) distinct() int64 {
	n, nan := int64(0), int64(0)
	for bits, count := range t.counts {
		switch {
		case count == 0:
		case math.IsNaN(t.value(bits)):
			nan = 1
		case t.dtype == nd.Float16 && bits == 1<<15 && t.counts[0] > 0: // −0 beside 0
		default:
			n++
		}
	}
	return n + nan
}
