package volume

import (
	"math"
	"math/bits"
	"strconv"

	"volara/nd"
)

// A Histogram counts values in bins of equal width.
type Histogram struct {
	// Edges has one value more than Counts: bin i holds the values v with Edges[i] <= v < Edges[i+1]; of floats the last
	// bin also holds the upper edge. Edges of integers are integers, with bins whose widths differ by one at most.
	Edges  []Value `json:"edges"`
	Counts []int64 `json:"counts"`
	// Outside is the number of values below the first edge or above the last one; NaN are in neither.
	Outside int64 `json:"outside"`
}

// A binner counts voxels of one type in bins.
type binner interface {
	add(a *nd.Array)
	merge(o binner)
	histogram() Histogram
}

// integerBins has bins of integers, as their distance from the lowest.
type integerBins struct {
	signed      bool
	lo, span    uint64 // the lowest value's bits, and the highest value's distance from it
	counts      []int64
	outside     int64
	everything  bool // span + 1 does not fit: the bins cover all 64-bit integers
	perValue    bool // a bin for each value
	lastValue   uint64
	lastBin     int
	lastIsKnown bool
}

// newIntegerBins returns at most n bins from lo to hi, both included, in the bits of int64 where signed is set.
func newIntegerBins(lo, hi uint64, signed bool, n int) *integerBins {
	b := &integerBins{signed: signed, lo: lo, span: hi - lo}
	b.everything = b.span == math.MaxUint64
	if b.span < uint64(n) {
		n, b.perValue = int(b.span)+1, true
	}
	b.counts = make([]int64, n)
	return b
}

func (b *integerBins) add(a *nd.Array) {
	switch a.DType() {
	case nd.Int32:
		binIntegers(b, nd.Values[int32](a))
	case nd.Int64:
		binIntegers(b, nd.Values[int64](a))
	case nd.Uint32:
		binIntegers(b, nd.Values[uint32](a))
	default:
		binIntegers(b, nd.Values[uint64](a))
	}
}

func binIntegers[T int32 | int64 | uint32 | uint64](b *integerBins, values []T) {
	for _, v := range values {
		b.count(uint64(v), 1)
	}
}

// count counts a value, given by its bits, so many times.
func (b *integerBins) count(v uint64, times int64) {
	if b.lastIsKnown && v == b.lastValue {
		b.counts[b.lastBin] += times
		return
	}
	at := v - b.lo // wraps around for values below lo, beyond span
	if b.below(v) || at > b.span {
		b.outside += times
		return
	}
	i := b.bin(at)
	b.counts[i] += times
	b.lastValue, b.lastBin, b.lastIsKnown = v, i, true
}

func (b *integerBins) below(v uint64) bool {
	if b.signed {
		return int64(v) < int64(b.lo)
	}
	return v < b.lo
}

// bin returns ⌊at·n / (span+1)⌋.
func (b *integerBins) bin(at uint64) int {
	if b.perValue {
		return int(at)
	}
	hi, lo := bits.Mul64(at, uint64(len(b.counts)))
	if b.everything {
		return int(hi)
	}
	q, _ := bits.Div64(hi, lo, b.span+1)
	return int(q)
}

// edge returns the distance from lo of the first value of bin i: ⌈i·(span+1) / n⌉.
func (b *integerBins) edge(i int) uint64 {
	hi, lo := bits.Mul64(uint64(i), b.span)
	var carry uint64
	lo, carry = bits.Add64(lo, uint64(i), 0)
	hi += carry
	n := uint64(len(b.counts))
	q, r := bits.Div64(hi%n, lo, n)
	if r > 0 {
		q++
	}
	return q
}

func (b *integerBins) merge(o binner) {
	p := o.(*integerBins)
	b.outside += p.outside
	for i, n := range p.counts {
		b.counts[i] += n
	}
}

func (b *integerBins) histogram() Histogram {
	h := Histogram{Counts: b.counts, Outside: b.outside}
	for i := range b.counts {
		h.Edges = append(h.Edges, b.text(b.lo+b.edge(i)))
	}
	// The upper edge is one beyond the highest value, which the type may not hold.
	switch hi := b.lo + b.span; {
	case b.signed && int64(hi) == math.MaxInt64:
		h.Edges = append(h.Edges, "9223372036854775808")
	case !b.signed && hi == math.MaxUint64:
		h.Edges = append(h.Edges, "18446744073709551616")
	default:
		h.Edges = append(h.Edges, b.text(hi+1))
	}
	return h
}

func (b *integerBins) text(v uint64) Value {
	if b.signed {
		return intValue(int64(v))
	}
	return uintValue(v)
}

// floatBins has bins of floats.
type floatBins struct {
	lo, hi  float64
	edges   []float64
	counts  []int64
	outside int64
}

// newFloatBins returns n bins from lo to hi, by numpy's rules: where both are equal, half a unit around them.
func newFloatBins(lo, hi float64, n int) *floatBins {
	if lo == hi {
		lo, hi = lo-0.5, hi+0.5
	}
	b := &floatBins{lo: lo, hi: hi, edges: make([]float64, n+1), counts: make([]int64, n)}
	for i := range b.edges {
		t := float64(i) / float64(n)
		b.edges[i] = lo*(1-t) + hi*t // hi − lo may leave the range
	}
	b.edges[0], b.edges[n] = lo, hi
	return b
}

func (b *floatBins) add(a *nd.Array) {
	if a.DType() == nd.Float32 {
		for _, v := range nd.Values[float32](a) {
			b.count(float64(v), 1)
		}
		return
	}
	for _, v := range nd.Values[float64](a) {
		b.count(v, 1)
	}
}

func (b *floatBins) count(v float64, times int64) {
	switch {
	case v != v:
	case v < b.lo || v > b.hi:
		b.outside += times
	default:
		b.counts[b.bin(v)] += times
	}
}

// bin returns the bin of a value between lo and hi; a guess by division is corrected by the edges.
func (b *floatBins) bin(v float64) int {
	n := len(b.counts)
	i := int((v/2 - b.lo/2) / (b.hi/2 - b.lo/2) * float64(n))
	i = min(max(i, 0), n-1)
	for i > 0 && v < b.edges[i] {
		i--
	}
	for i < n-1 && v >= b.edges[i+1] {
		i++
	}
	return i
}

func (b *floatBins) merge(o binner) {
	p := o.(*floatBins)
	b.outside += p.outside
	for i, n := range p.counts {
		b.counts[i] += n
	}
}

func (b *floatBins) histogram() Histogram {
	h := Histogram{Counts: b.counts, Outside: b.outside}
	for _, e := range b.edges {
		h.Edges = append(h.Edges, floatValue(e, 64))
	}
	return h
}

// histogramOf counts the values of a table in n bins from lo to hi, empty for the values that occur.
func (t *table) histogramOf(lo, hi Value, n int) Histogram {
	var b binner
	if t.dtype == nd.Float16 {
		b = newFloatBins(lo.Float(), hi.Float(), n)
	} else {
		b = integerBinsBetween(lo, hi, true, n)
	}
	for bits, count := range t.counts {
		if count == 0 {
			continue
		}
		switch b := b.(type) {
		case *floatBins:
			b.count(t.value(bits), count)
		case *integerBins:
			b.count(uint64(int64(t.value(bits))), count)
		}
	}
	return b.histogram()
}

// integerBinsBetween returns n bins between two integers as text.
func integerBinsBetween(lo, hi Value, signed bool, n int) *integerBins {
	if signed {
		a, _ := strconv.ParseInt(string(lo), 10, 64)
		b, _ := strconv.ParseInt(string(hi), 10, 64)
		return newIntegerBins(uint64(a), uint64(b), true, n)
	}
	a, _ := strconv.ParseUint(string(lo), 10, 64)
	b, _ := strconv.ParseUint(string(hi), 10, 64)
	return newIntegerBins(a, b, false, n)
}
