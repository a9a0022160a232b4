package codec

import (
	"fmt"

	"volara/nd"
)

// Delta stores the difference of every element from the one before it; numcodecs' delta. The first is stored as it is.
//
// Integers wrap around, so that decoding is exact also where a difference does not fit their type, unless they are
// stored in a narrower one. Differences of booleans are exclusive ors, and decoding undoes that (where numcodecs, which
// loses them, does not).
type Delta struct {
	typed
}

// NewDelta returns the filter for elements of type in whose differences are stored as elements of type out.
func NewDelta(in, out Type) (*Delta, error) {
	for _, t := range []Type{in, out} {
		if !supported(t.DType) && (!t.IsComplex() || in.DType != out.DType) {
			return nil, fmt.Errorf("no differences of type %v", t.DType)
		}
	}
	return &Delta{typed{in, out}}, nil
}

type deltaConfig struct {
	ID     string `json:"id,omitempty"`
	DType  string `json:"dtype"`
	AsType string `json:"astype"`
}

func parseDelta(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		DType  typeField `json:"dtype"`
		AsType typeField `json:"astype"`
	}{typeField{t, "dtype"}, typeField{Type{}, "astype"}}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.AsType.DType == nd.Invalid {
		c.AsType.Type = c.DType.Type
	}
	return NewDelta(c.DType.Type, c.AsType.Type)
}

// Spec implements Codec.
func (d *Delta) Spec() Spec {
	return Spec{numcodecs + "delta",
		deltaConfig{"", d.in.DType.String(), d.out.DType.String()},
		deltaConfig{"delta", d.in.String(), d.out.String()}}
}

// Encode implements Codec.
func (d *Delta) Encode(dst, src []byte) ([]byte, error) {
	in, out := d.in.Size(), d.out.Size()
	return d.encode(dst, src, func(dst, src []byte) {
		if d.in.DType == d.out.DType {
			differences(dst, src, d.in.DType)
			return
		}
		// A piece at a time, each with the element before it.
		buf := make([]byte, (deltaPiece+1)*in)
		for at, n := 0, len(src)/in; at < n; at += deltaPiece {
			first, end := max(at-1, 0), min(at+deltaPiece, n)
			wide := buf[:(end-first)*in]
			differences(wide, src[first*in:end*in], d.in.DType)
			cast(dst[at*out:end*out], d.out.DType, wide[(at-first)*in:], d.in.DType)
		}
	})
}

// deltaPiece is how many elements are summed up or subtracted before they are converted.
const deltaPiece = 2048

// Decode implements Codec.
func (d *Delta) Decode(dst, src []byte, limit int) ([]byte, error) {
	sum := sumType(d.in.DType, d.out.DType)
	in, out, size := d.in.Size(), d.out.Size(), sum.Size()
	return d.decode(dst, src, limit, func(dst, src []byte) {
		if d.in.DType == d.out.DType {
			sums(dst, src, sum)
			return
		}
		// A piece at a time, each after the sum of those before it.
		buf := make([]byte, (deltaPiece+1)*size)
		for at, n := 0, len(src)/out; at < n; at += deltaPiece {
			end := min(at+deltaPiece, n)
			carried := min(at, 1)
			wide := buf[:(carried+end-at)*size]
			cast(wide[carried*size:], sum, src[at*out:end*out], d.out.DType)
			sums(wide, wide, sum)
			cast(dst[at*in:end*in], d.in.DType, wide[carried*size:], sum)
			copy(buf, wide[len(wide)-size:])
		}
	})
}

// sumType returns the type in which differences are summed up: the array's, or the float that holds both.
func sumType(array, stored nd.DType) nd.DType {
	switch {
	case array.IsFloat() && stored.IsFloat():
		return max(array, stored)
	case array.IsFloat():
		return widen(array, stored)
	case stored.IsFloat() && array != nd.Bool:
		return widen(stored, array)
	default:
		return array
	}
}

// widen returns the float that holds float and the integers of type n as numpy promotes them.
func widen(float, n nd.DType) nd.DType {
	switch {
	case n.Size() == 1:
		return float
	case n.Size() == 2:
		return max(float, nd.Float32)
	default:
		return nd.Float64
	}
}

// differences subtracts from every element but the first the one before it.
func differences(dst, src []byte, t nd.DType) {
	switch t {
	case nd.Bool:
		difference(dst, src, func(a, b byte) byte { return a ^ b })
	case nd.Int8, nd.Uint8:
		subtract[uint8](dst, src)
	case nd.Int16, nd.Uint16:
		subtract[uint16](dst, src)
	case nd.Int32, nd.Uint32:
		subtract[uint32](dst, src)
	case nd.Int64, nd.Uint64:
		subtract[uint64](dst, src)
	case nd.Float16:
		difference(view[uint16](dst), view[uint16](src), func(a, b uint16) uint16 {
			return nd.FloatToHalf(nd.HalfToFloat(a) - nd.HalfToFloat(b))
		})
	case nd.Float32:
		subtract[float32](dst, src)
	case nd.Float64:
		subtract[float64](dst, src)
	case nd.Complex64:
		subtract[complex64](dst, src)
	case nd.Complex128:
		subtract[complex128](dst, src)
	}
}

// sums is the inverse of differences; dst and src may be the same memory.
func sums(dst, src []byte, t nd.DType) {
	switch t {
	case nd.Bool:
		sum(dst, src, func(a, b byte) byte { return a ^ b })
	case nd.Int8, nd.Uint8:
		add[uint8](dst, src)
	case nd.Int16, nd.Uint16:
		add[uint16](dst, src)
	case nd.Int32, nd.Uint32:
		add[uint32](dst, src)
	case nd.Int64, nd.Uint64:
		add[uint64](dst, src)
	case nd.Float16:
		sum(view[uint16](dst), view[uint16](src), func(a, b uint16) uint16 {
			return nd.FloatToHalf(nd.HalfToFloat(a) + nd.HalfToFloat(b))
		})
	case nd.Float32:
		add[float32](dst, src)
	case nd.Float64:
		add[float64](dst, src)
	case nd.Complex64:
		add[complex64](dst, src)
	case nd.Complex128:
		add[complex128](dst, src)
	}
}

func subtract[T uint8 | uint16 | uint32 | uint64 | float32 | float64 | complex64 | complex128](dst, src []byte) {
	out, in := view[T](dst), view[T](src)
	var last T
	for i, v := range in[:len(out)] {
		out[i], last = v-last, v
	}
}

func add[T uint8 | uint16 | uint32 | uint64 | float32 | float64 | complex64 | complex128](dst, src []byte) {
	out, in := view[T](dst), view[T](src)
	if len(out) == 0 {
		return
	}
	total := in[0] // and not 0 + in[0]: there is a negative 0
	out[0] = total
	for i := 1; i < len(out); i++ {
		total += in[i]
		out[i] = total
	}
}

// difference stores minus(element, the one before it).
func difference[T uint8 | uint16](dst, src []T, minus func(a, b T) T) {
	for i, v := range src {
		if dst[i] = v; i > 0 {
			dst[i] = minus(v, src[i-1])
		}
	}
}

// sum undoes difference.
func sum[T uint8 | uint16](dst, src []T, plus func(a, b T) T) {
	for i, v := range src {
		if dst[i] = v; i > 0 {
			dst[i] = plus(dst[i-1], v)
		}
	}
}
