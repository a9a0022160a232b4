package transfer

import (
	"fmt"
	"math"

	"volara/nd"
)

// A Cast says what becomes of values that the destination's type does not have.
type Cast string

// The casts.
const (
	Exact    Cast = "exact"    // an error
	Nearest  Cast = "nearest"  // rounded, ties to even; out of range is an error
	Saturate Cast = "saturate" // rounded; out of range becomes the nearest value that is not, NaN of integers 0
	Wrap     Cast = "wrap"     // the whole part, modulo what the type holds, as numpy's astype on x86; see wrapFloats
)

// Casts lists all there are.
func Casts() []Cast { return []Cast{Exact, Nearest, Saturate, Wrap} }

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type float interface{ float32 | float64 }

// convert writes src's values to dst, of the same shape and of any type that is not complex unless src is complex, too.
// It returns the place of the first value that the cast refuses, -1 when there is none.
func convert(dst, src *nd.Array, c Cast) int {
	switch src.DType() {
	case nd.Int8:
		return fromIntegers(dst, nd.Values[int8](src), c)
	case nd.Int16:
		return fromIntegers(dst, nd.Values[int16](src), c)
	case nd.Int32:
		return fromIntegers(dst, nd.Values[int32](src), c)
	case nd.Int64:
		return fromIntegers(dst, nd.Values[int64](src), c)
	case nd.Uint16:
		return fromIntegers(dst, nd.Values[uint16](src), c)
	case nd.Uint32:
		return fromIntegers(dst, nd.Values[uint32](src), c)
	case nd.Uint64:
		return fromIntegers(dst, nd.Values[uint64](src), c)
	case nd.Float16:
		return fromFloats(dst, halves(nd.Values[uint16](src)), c)
	case nd.Float32:
		return fromFloats(dst, nd.Values[float32](src), c)
	case nd.Float64:
		return fromFloats(dst, nd.Values[float64](src), c)
	case nd.Complex64, nd.Complex128:
		return fromComplex(dst, src, c)
	default:
		return fromIntegers(dst, src.Bytes(), c)
	}
}

func halves(bits []uint16) []float64 {
	values := make([]float64, len(bits))
	for i, b := range bits {
		values[i] = nd.HalfToFloat(b)
	}
	return values
}

// fromIntegers converts integers; bools are bytes of 0 and 1.
func fromIntegers[S integer](dst *nd.Array, src []S, c Cast) int {
	switch dst.DType() {
	case nd.Int8:
		return integersToIntegers(nd.Values[int8](dst), src, c, math.MinInt8, math.MaxInt8)
	case nd.Int16:
		return integersToIntegers(nd.Values[int16](dst), src, c, math.MinInt16, math.MaxInt16)
	case nd.Int32:
		return integersToIntegers(nd.Values[int32](dst), src, c, math.MinInt32, math.MaxInt32)
	case nd.Int64:
		return integersToIntegers(nd.Values[int64](dst), src, c, math.MinInt64, math.MaxInt64)
	case nd.Bool:
		return integersToIntegers(dst.Bytes(), src, c, 0, 1)
	case nd.Uint8:
		return integersToIntegers(nd.Values[uint8](dst), src, c, 0, math.MaxUint8)
	case nd.Uint16:
		return integersToIntegers(nd.Values[uint16](dst), src, c, 0, math.MaxUint16)
	case nd.Uint32:
		return integersToIntegers(nd.Values[uint32](dst), src, c, 0, math.MaxUint32)
	case nd.Uint64:
		return integersToIntegers(nd.Values[uint64](dst), src, c, 0, math.MaxUint64)
	case nd.Float16:
		return throughHalves(dst, func(values []float64) int { return integersToFloats(values, src, c) }, c)
	case nd.Float32:
		return integersToFloats(nd.Values[float32](dst), src, c)
	case nd.Float64:
		return integersToFloats(nd.Values[float64](dst), src, c)
	default:
		return realParts(dst, func(parts *nd.Array) int { return fromIntegers(parts, src, c) })
	}
}

// integersToIntegers knows the range of D as lo, which is not positive, and hi.
func integersToIntegers[S, D integer](dst []D, src []S, c Cast, lo int64, hi uint64) int {
	for i, v := range src {
		switch {
		case v < 0 && int64(v) < lo:
			if c != Saturate {
				return i
			}
			dst[i] = D(lo)
		case v > 0 && uint64(v) > hi:
			if c != Saturate {
				return i
			}
			dst[i] = D(hi)
		default:
			dst[i] = D(v)
		}
	}
	return -1
}

func integersToFloats[S integer, D float](dst []D, src []S, c Cast) int {
	for i, v := range src {
		dst[i] = D(v)
		if c == Exact && !same(float64(dst[i]), v) {
			return i
		}
	}
	return -1
}

// same reports whether a float made of an integer is that integer.
func same[S integer](f float64, v S) bool {
	switch {
	case f >= 1<<63:
		return f < 1<<64 && v > 0 && uint64(f) == uint64(v)
	case f < 0:
		return f >= -1<<63 && int64(f) == int64(v)
	}
	return v >= 0 && uint64(f) == uint64(v)
}

func fromFloats[S float](dst *nd.Array, src []S, c Cast) int {
	switch dst.DType() {
	case nd.Int8:
		return floatsToIntegers(nd.Values[int8](dst), src, c, math.MinInt8, math.MaxInt8)
	case nd.Int16:
		return floatsToIntegers(nd.Values[int16](dst), src, c, math.MinInt16, math.MaxInt16)
	case nd.Int32:
		return floatsToIntegers(nd.Values[int32](dst), src, c, math.MinInt32, math.MaxInt32)
	case nd.Int64:
		return floatsToIntegers(nd.Values[int64](dst), src, c, math.MinInt64, math.MaxInt64)
	case nd.Bool:
		return floatsToIntegers(dst.Bytes(), src, c, 0, 1)
	case nd.Uint8:
		return floatsToIntegers(nd.Values[uint8](dst), src, c, 0, math.MaxUint8)
	case nd.Uint16:
		return floatsToIntegers(nd.Values[uint16](dst), src, c, 0, math.MaxUint16)
	case nd.Uint32:
		return floatsToIntegers(nd.Values[uint32](dst), src, c, 0, math.MaxUint32)
	case nd.Uint64:
		return floatsToIntegers(nd.Values[uint64](dst), src, c, 0, math.MaxUint64)
	case nd.Float16:
		return throughHalves(dst, func(values []float64) int { return floatsToFloats(values, src, c) }, c)
	case nd.Float32:
		return floatsToFloats(nd.Values[float32](dst), src, c)
	case nd.Float64:
		return floatsToFloats(nd.Values[float64](dst), src, c)
	default:
		return realParts(dst, func(parts *nd.Array) int { return fromFloats(parts, src, c) })
	}
}

// floatsToIntegers knows the range of D as lo, which is not positive, and hi.
func floatsToIntegers[S float, D integer](dst []D, src []S, c Cast, lo int64, hi uint64) int {
	if c == Wrap {
		wrapFloats(dst, src)
		return -1
	}
	least, beyond := float64(lo), float64(hi)+1 // 2⁶³ and 2⁶⁴ are exact, hi may not be
	if hi >= 1<<53 {
		beyond = float64(hi)
	}
	for i, s := range src {
		v := float64(s)
		r := math.RoundToEven(v)
		if c == Exact && r != v {
			return i
		}
		switch {
		case r >= least && r < beyond:
			if r >= 1<<63 {
				dst[i] = D(uint64(r))
			} else {
				dst[i] = D(int64(r))
			}
		case c != Saturate:
			return i
		case r >= beyond:
			dst[i] = D(hi)
		case r < least:
			dst[i] = D(lo)
		default:
			dst[i] = 0
		}
	}
	return -1
}

// wrapFloats drops the fraction and keeps the lowest bits of what is left: −1 is 255 of uint8, 256.5 is 0. What 64 bits do
// not hold is 0, and so is NaN; numpy's result for them depends on the machine.
func wrapFloats[S float, D integer](dst []D, src []S) {
	for i, s := range src {
		switch v := float64(s); {
		case v >= -1<<63 && v < 1<<63:
			dst[i] = D(int64(v))
		case v >= 1<<63 && v < 1<<64:
			dst[i] = D(uint64(v))
		default:
			dst[i] = 0
		}
	}
}

func floatsToFloats[S, D float](dst []D, src []S, c Cast) int {
	for i, v := range src {
		dst[i] = D(v)
		if float64(dst[i]) == float64(v) || v != v {
			continue
		}
		if c == Exact {
			return i
		}
		if math.IsInf(float64(dst[i]), 0) && !math.IsInf(float64(v), 0) {
			if c == Nearest {
				return i
			}
			dst[i] = D(math.Copysign(math.MaxFloat32, float64(v)))
		}
	}
	return -1
}

// maxHalf is the largest half-precision number.
const maxHalf = 65504

// throughHalves fills dst with the halves of floats.
func throughHalves(dst *nd.Array, fill func([]float64) int, c Cast) int {
	values, bits := make([]float64, dst.Len()), nd.Values[uint16](dst)
	if bad := fill(values); bad >= 0 {
		return bad
	}
	for i, v := range values {
		bits[i] = nd.FloatToHalf(v)
		h := nd.HalfToFloat(bits[i])
		switch {
		case h == v || v != v:
		case c == Exact || c == Nearest && math.IsInf(h, 0):
			return i
		case math.IsInf(h, 0) && !math.IsInf(v, 0):
			bits[i] = nd.FloatToHalf(math.Copysign(maxHalf, v))
		}
	}
	return -1
}

// realParts fills complex numbers whose imaginary part is 0.
func realParts(dst *nd.Array, fill func(parts *nd.Array) int) int {
	parts := nd.New(dst.DType().Part(), dst.Len())
	bad := fill(parts)
	if dst.DType() == nd.Complex64 {
		for i, v := range nd.Values[float32](parts) {
			nd.Values[complex64](dst)[i] = complex(v, 0)
		}
	} else {
		for i, v := range nd.Values[float64](parts) {
			nd.Values[complex128](dst)[i] = complex(v, 0)
		}
	}
	return bad
}

// fromComplex converts complex numbers to others, or to real ones where the imaginary part is 0.
func fromComplex(dst, src *nd.Array, c Cast) int {
	n := src.Len()
	re, im := make([]float64, n), make([]float64, n)
	for i := range n {
		if src.DType() == nd.Complex64 {
			v := nd.Values[complex64](src)[i]
			re[i], im[i] = float64(real(v)), float64(imag(v))
		} else {
			v := nd.Values[complex128](src)[i]
			re[i], im[i] = real(v), imag(v)
		}
	}
	if !dst.DType().IsComplex() {
		for i, v := range im {
			if v != 0 {
				return i
			}
		}
		return fromFloats(dst, re, c)
	}
	part := dst.DType().Part()
	a, b := nd.New(part, n), nd.New(part, n)
	if bad := fromFloats(a, re, c); bad >= 0 {
		return bad
	}
	if bad := fromFloats(b, im, c); bad >= 0 {
		return bad
	}
	for i := range n {
		if part == nd.Float32 {
			nd.Values[complex64](dst)[i] = complex(nd.Values[float32](a)[i], nd.Values[float32](b)[i])
		} else {
			nd.Values[complex128](dst)[i] = complex(nd.Values[float64](a)[i], nd.Values[float64](b)[i])
		}
	}
	return -1
}

// refused says what value of an array a cast refuses.
func refused(src *nd.Array, at int, t nd.DType, c Cast) error {
	advice := "--cast saturate takes the nearest value, --cast wrap what numpy's astype gives"
	if c == Exact {
		advice = "--cast nearest rounds, " + advice
	}
	return fmt.Errorf("%s is not a value of type %v, and --cast is %s; %s", valueAt(src, at), t, c, advice)
}

// valueAt writes one value for people.
func valueAt(a *nd.Array, i int) string {
	switch a.DType() {
	case nd.Float16:
		return fmt.Sprint(nd.HalfToFloat(nd.Values[uint16](a)[i]))
	case nd.Float32:
		return fmt.Sprint(nd.Values[float32](a)[i])
	case nd.Float64:
		return fmt.Sprint(nd.Values[float64](a)[i])
	case nd.Complex64:
		return fmt.Sprint(nd.Values[complex64](a)[i])
	case nd.Complex128:
		return fmt.Sprint(nd.Values[complex128](a)[i])
	case nd.Int8:
		return fmt.Sprint(nd.Values[int8](a)[i])
	case nd.Int16:
		return fmt.Sprint(nd.Values[int16](a)[i])
	case nd.Int32:
		return fmt.Sprint(nd.Values[int32](a)[i])
	case nd.Int64:
		return fmt.Sprint(nd.Values[int64](a)[i])
	case nd.Uint16:
		return fmt.Sprint(nd.Values[uint16](a)[i])
	case nd.Uint32:
		return fmt.Sprint(nd.Values[uint32](a)[i])
	case nd.Uint64:
		return fmt.Sprint(nd.Values[uint64](a)[i])
	default:
		return fmt.Sprint(a.Bytes()[i])
	}
}
