package volume

import (
	"math"
	"math/big"

	"volara/nd"
)

// A tally is what is known of the values of some voxels. Tallies of integers do not depend on the order in which voxels
// are added; those of floats do so in the last digits.
type tally interface {
	// add takes in the voxels of an array of the tally's type.
	add(a *nd.Array)
	// merge takes in another tally of the same type.
	merge(o tally)
	// moments returns the results.
	moments() Moments
}

// Moments are the statistics of some voxels.
type Moments struct {
	// Voxels is the number of voxels, of which Zeros are 0, and for floats NaN are not a number and Infinite infinite.
	Voxels   int64 `json:"voxels"`
	Zeros    int64 `json:"zeros"`
	NaN      int64 `json:"nan"`
	Infinite int64 `json:"infinite"`
	// Background is the share of voxels that are 0.
	Background float64 `json:"background"`
	// Min and Max leave NaN out; nil when nothing else is there.
	Min *Value `json:"min"`
	Max *Value `json:"max"`
	// Mean and Std (of the population) are of the finite values; nil when there are none.
	Mean *float64 `json:"mean"`
	Std  *float64 `json:"std"`

	low, high *Value // of the finite values
}

// newTally returns an empty tally for voxels of a type.
func newTally(t nd.DType) tally {
	switch t {
	case nd.Bool, nd.Uint8, nd.Int8:
		return &table{dtype: t, counts: make([]int64, 1<<8)}
	case nd.Uint16, nd.Int16, nd.Float16:
		return &table{dtype: t, counts: make([]int64, 1<<16)}
	case nd.Int32:
		return &integers[int32]{}
	case nd.Int64:
		return &integers[int64]{}
	case nd.Uint32:
		return &integers[uint32]{}
	case nd.Uint64:
		return &integers[uint64]{}
	case nd.Float32:
		return &floats[float32]{}
	default:
		return &floats[float64]{}
	}
}

// tallyBytes is about what newTally takes.
func tallyBytes(t nd.DType) int64 {
	switch t {
	case nd.Bool, nd.Uint8, nd.Int8:
		return 8 << 8
	case nd.Uint16, nd.Int16, nd.Float16:
		return 8 << 16
	}
	return 256
}

// integers tallies 32 and 64 bit integers exactly.
type integers[T int32 | int64 | uint32 | uint64] struct {
	n, zeros          int64
	min, max          T
	positive, negated wide // sums of the values above 0 and of the others' absolutes
	squares           wide
}

func (t *integers[T]) add(a *nd.Array) {
	values := nd.Values[T](a)
	if len(values) == 0 {
		return
	}
	if t.n == 0 {
		t.min, t.max = values[0], values[0]
	}
	t.n += int64(len(values))
	// Labels come in runs.
	for i := 0; i < len(values); {
		v, from := values[i], i
		for i++; i < len(values) && values[i] == v; i++ {
		}
		t.run(v, int64(i-from))
	}
}

// run adds a value so many times.
func (t *integers[T]) run(v T, times int64) {
	t.min, t.max = min(t.min, v), max(t.max, v)
	switch {
	case v == 0:
		t.zeros += times
	case times == 1 && v > 0:
		t.positive.add(0, uint64(v))
		t.squares.addSquare(uint64(v))
	case v > 0:
		t.positive.addTimes(uint64(v), times)
		t.squares.addSquareTimes(uint64(v), times)
	default:
		absolute := -uint64(int64(v))
		t.negated.addTimes(absolute, times)
		t.squares.addSquareTimes(absolute, times)
	}
}

func (t *integers[T]) merge(o tally) {
	p := o.(*integers[T])
	switch {
	case p.n == 0:
		return
	case t.n == 0:
		*t = *p
		return
	}
	t.min, t.max = min(t.min, p.min), max(t.max, p.max)
	t.n, t.zeros = t.n+p.n, t.zeros+p.zeros
	t.positive.merge(p.positive)
	t.negated.merge(p.negated)
	t.squares.merge(p.squares)
}

func (t *integers[T]) moments() Moments {
	m := Moments{Voxels: t.n, Zeros: t.zeros}
	if t.n == 0 {
		return m
	}
	sum := new(big.Int).Sub(t.positive.big(), t.negated.big())
	m.setExact(t.n, sum, t.squares.big())
	m.setRange(integerValue(t.min), integerValue(t.max))
	m.low, m.high = m.Min, m.Max
	return m
}

func integerValue[T int32 | int64 | uint32 | uint64](v T) Value {
	if v < 0 {
		return intValue(int64(v))
	}
	return uintValue(uint64(v))
}

func (m *Moments) setRange(lo, hi Value) {
	m.Min, m.Max = &lo, &hi
	if m.Voxels > 0 {
		m.Background = float64(m.Zeros) / float64(m.Voxels)
	}
}

// setExact sets mean and deviation from the exact sums of n values and of their squares.
func (m *Moments) setExact(n int64, sum, squares *big.Int) {
	count := new(big.Int).SetInt64(n)
	mean, _ := new(big.Rat).SetFrac(sum, count).Float64()
	// n Σx² − (Σx)² over n²
	spread := new(big.Int).Sub(new(big.Int).Mul(count, squares), new(big.Int).Mul(sum, sum))
	variance, _ := new(big.Rat).SetFrac(spread, new(big.Int).Mul(count, count)).Float64()
	std := math.Sqrt(variance)
	m.Mean, m.Std = &mean, &std
}
