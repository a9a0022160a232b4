package picture

import (
	"math"
	"math/cmplx"
	"slices"

	"volara/nd"
)

// numbers returns the values of an array as floats; those of complex numbers are their magnitudes. The result may be the
// array's own memory.
func numbers(a *nd.Array) []float64 {
	if !a.DType().IsComplex() {
		return nd.Values[float64](a.As(nd.Float64))
	}
	values := nd.Values[complex128](a.As(nd.Complex128))
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = cmplx.Abs(v)
	}
	return out
}

// ids returns the values of an array of integers or bools as ids, negative ones by their bits. The result may be the array's
// own memory.
func ids(a *nd.Array) []uint64 { return nd.Values[uint64](a.As(nd.Uint64)) }

// A Window is the range of values from black to full brightness.
type Window struct{ Low, High float64 }

// shade returns the brightness of a value, 0 to 255; of what is no number 0.
func (w Window) shade(v float64) uint8 {
	if w.High == w.Low {
		if v >= w.High {
			return 255
		}
		return 0
	}
	t := (v/2 - w.Low/2) / (w.High/2 - w.Low/2) // halves: the range may be wider than a float
	if !(t > 0) {
		return 0
	}
	return uint8(math.Round(255 * min(t, 1)))
}

// percentiles returns the window between two percentiles of the finite values, by linear interpolation as numpy has it.
func percentiles(values []float64, low, high float64) Window {
	finite := make([]float64, 0, len(values))
	for _, v := range values {
		if v-v == 0 {
			finite = append(finite, v)
		}
	}
	if len(finite) == 0 {
		return Window{0, 1}
	}
	if low == 0 && high == 100 {
		return Window{slices.Min(finite), slices.Max(finite)}
	}
	slices.Sort(finite)
	at := func(percent float64) float64 {
		place := percent / 100 * float64(len(finite)-1)
		i := int(place)
		if i+1 >= len(finite) {
			return finite[len(finite)-1]
		}
		t := place - float64(i)
		return finite[i]*(1-t) + finite[i+1]*t
	}
	return Window{at(low), at(high)}
}
