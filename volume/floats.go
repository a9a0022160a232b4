package volume

import (
	"math"

	"volara/nd"
)

// floats tallies floats of 32 and 64 bits, by the pairwise update of Chan, Golub and LeVeque (1979).
type floats[T float32 | float64] struct {
	n, zeros, nan, infinite int64
	min, max                float64 // of all that is not NaN
	low, high               float64 // of the finite values
	finite                  int64
	mean, m2                float64 // m2: the sum of squared differences from the mean
}

// batch is the number of values whose mean is known before their differences from it are summed.
const batch = 4096

func (t *floats[T]) add(a *nd.Array) {
	values := nd.Values[T](a)
	for len(values) > 0 {
		n := min(batch, len(values))
		t.merge(tallyBatch(values[:n]))
		values = values[n:]
	}
}

func tallyBatch[T float32 | float64](values []T) *floats[T] {
	up, down := math.Inf(1), math.Inf(-1)
	t := &floats[T]{n: int64(len(values)), min: up, max: down, low: up, high: down}
	sum, scale := 0.0, 1.0
	for _, x := range values {
		v := float64(x)
		switch {
		case v != v:
			t.nan++
			continue
		case v == 0:
			t.zeros++
		case math.IsInf(v, 0):
			t.infinite++
		}
		t.min, t.max = min(t.min, v), max(t.max, v)
		if v-v == 0 {
			t.low, t.high = min(t.low, v), max(t.high, v)
		}
	}
	t.finite = t.n - t.nan - t.infinite
	if t.finite == 0 {
		return t
	}
	if largest := max(math.Abs(t.low), math.Abs(t.high)); largest > math.MaxFloat64/(2*batch) {
		scale = 1.0 / (4 * batch) // the sum would leave the range
	}
	for _, x := range values {
		if v := float64(x); v-v == 0 {
			sum += v * scale
		}
	}
	t.mean = sum / float64(t.finite) / scale
	for _, x := range values {
		if v := float64(x); v-v == 0 {
			t.m2 += (v - t.mean) * (v - t.mean)
		}
	}
	return t
}

func (t *floats[T]) merge(o tally) {
	p := o.(*floats[T])
	if p.n == 0 {
		return
	}
	if t.n == 0 {
		*t = *p
		return
	}
	t.n, t.zeros, t.nan, t.infinite = t.n+p.n, t.zeros+p.zeros, t.nan+p.nan, t.infinite+p.infinite
	t.min, t.max = min(t.min, p.min), max(t.max, p.max)
	t.low, t.high = min(t.low, p.low), max(t.high, p.high)
	if p.finite == 0 {
		return
	}
	all := float64(t.finite + p.finite)
	share, delta := float64(p.finite)/all, p.mean-t.mean
	t.m2 += p.m2 + delta*delta*float64(t.finite)*share
	t.mean += delta * share
	t.finite += p.finite
}

func (t *floats[T]) moments() Moments {
	m := Moments{Voxels: t.n, Zeros: t.zeros, NaN: t.nan, Infinite: t.infinite}
	bits := 64
	if _, ok := any(T(0)).(float32); ok {
		bits = 32
	}
	if t.n > t.nan {
		m.setRange(floatValue(t.min, bits), floatValue(t.max, bits))
	}
	if t.finite > 0 {
		m.setFinite(t.low, t.high)
		mean, std := t.mean, math.Sqrt(t.m2/float64(t.finite))
		if !math.IsInf(mean, 0) {
			m.Mean = &mean
		}
		if !math.IsInf(std, 0) && !math.IsNaN(std) {
			m.Std = &std
		}
	}
	return m
}

// setFinite keeps the range of the finite values exactly.
func (m *Moments) setFinite(low, high float64) {
	lo, hi := floatValue(low, 64), floatValue(high, 64)
	m.low, m.high = &lo, &hi
}
