package picture

import (
	"math"
	"math/cmplx"
	"slices"

	"volara/nd"
)

// numbers returns the values of an array as floats; those of complex numbers are their magnitudes.
func numbers(a *nd.Array) []float64 {
	switch a.DType() {
	case nd.Int8:
		return widen(nd.Values[int8](a))
	case nd.Int16:
		return widen(nd.Values[int16](a))
	case nd.Int32:
		return widen(nd.Values[int32](a))
	case nd.Int64:
		return widen(nd.Values[int64](a))
	case nd.Bool, nd.Uint8:
		return widen(a.Bytes())
	case nd.Uint16:
		return widen(nd.Values[uint16](a))
	case nd.Uint32:
		return widen(nd.Values[uint32](a))
	case nd.Uint64:
		return widen(nd.Values[uint64](a))
	case nd.Float16:
		return mapped(nd.Values[uint16](a), nd.HalfToFloat)
	case nd.Float32:
		return widen(nd.Values[float32](a))
	case nd.Float64:
		return nd.Values[float64](a)
	case nd.Complex64:
		return mapped(nd.Values[complex64](a), func(v complex64) float64 { return cmplx.Abs(complex128(v)) })
	default:
		return mapped(nd.Values[complex128](a), cmplx.Abs)
	}
}

func widen[T nd.Element](values []T) []float64 {
	return mapped(values, func(v T) float64 { return float64(v) })
}

func mapped[T any](values []T, to func(T) float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = to(v)
	}
	return out
}

// ids returns the values of an array of integers or bools as ids; negative ones by their bits.
func ids(a *nd.Array) []uint64 {
	switch a.DType() {
	case nd.Int8:
		return idsOf(nd.Values[int8](a))
	case nd.Int16:
		return idsOf(nd.Values[int16](a))
	case nd.Int32:
		return idsOf(nd.Values[int32](a))
	case nd.Int64:
		return idsOf(nd.Values[int64](a))
	case nd.Uint16:
		return idsOf(nd.Values[uint16](a))
	case nd.Uint32:
		return idsOf(nd.Values[uint32](a))
	case nd.Uint64:
		return nd.Values[uint64](a)
	default:
		return idsOf(a.Bytes())
	}
}

func idsOf[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](values []T) []uint64 {
	out := make([]uint64, len(values))
	for i, v := range values {
		out[i] = uint64(int64(v))
	}
	return out
}

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
