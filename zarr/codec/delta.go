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
	in, out, arithmetic := d.in.Size(), d.out.Size(), arithmeticOf(d.in.DType)
	return d.encode(dst, src, func(dst, src []byte) {
		if d.in.DType == d.out.DType {
			arithmetic.differences(dst, src)
			return
		}
		// A piece at a time, each with the element before it.
		buf, store := make([]byte, (deltaPiece+1)*in), caster(d.in.DType, d.out.DType)
		for at, n := 0, len(src)/in; at < n; at += deltaPiece {
			first, end := max(at-1, 0), min(at+deltaPiece, n)
			wide := buf[:(end-first)*in]
			arithmetic.differences(wide, src[first*in:end*in])
			store(dst[at*out:end*out], wide[(at-first)*in:])
		}
	})
}

// deltaPiece is how many elements are summed up or subtracted before they are converted.
const deltaPiece = 2048

// Decode implements Codec.
func (d *Delta) Decode(dst, src []byte, limit int) ([]byte, error) {
	sum := sumType(d.in.DType, d.out.DType)
	in, out, size, arithmetic := d.in.Size(), d.out.Size(), sum.Size(), arithmeticOf(sum)
	return d.decode(dst, src, limit, func(dst, src []byte) {
		if d.in.DType == d.out.DType {
			arithmetic.sums(dst, src)
			return
		}
		// A piece at a time, each after the sum of those before it.
		buf, load, store := make([]byte, (deltaPiece+1)*size), caster(d.out.DType, sum), caster(sum, d.in.DType)
		for at, n := 0, len(src)/out; at < n; at += deltaPiece {
			end := min(at+deltaPiece, n)
			carried := min(at, 1)
			wide := buf[:(carried+end-at)*size]
			load(wide[carried*size:], src[at*out:end*out])
			arithmetic.sums(wide, wide)
			store(dst[at*in:end*in], wide[carried*size:])
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

// A deltaArithmetic is that of one type.
type deltaArithmetic struct {
	// differences subtracts from every element but the first the one before it.
	differences func(dst, src []byte)
	// sums undoes that; dst and src may be the same memory.
	sums func(dst, src []byte)
}

func arithmeticOf(t nd.DType) deltaArithmetic {
	table := nd.Real(goArithmetic[int8], goArithmetic[int16], goArithmetic[int32], goArithmetic[int64], goArithmetic[uint8],
		goArithmetic[uint16], goArithmetic[uint32], goArithmetic[uint64], goArithmetic[float32], goArithmetic[float64])
	table[nd.Complex64], table[nd.Complex128] = goArithmetic[complex64], goArithmetic[complex128]
	table[nd.Bool], table[nd.Float16] = boolArithmetic, halfArithmetic
	return table[t]()
}

// goArithmetic is Go's, by which integers wrap around.
func goArithmetic[T nd.AnyElement]() deltaArithmetic { return deltaArithmetic{subtract[T], add[T]} }

func boolArithmetic() deltaArithmetic {
	exclusiveOr := func(a, b byte) byte { return a ^ b }
	return ownArithmetic(exclusiveOr, exclusiveOr)
}

func halfArithmetic() deltaArithmetic {
	return ownArithmetic(
		func(a, b uint16) uint16 { return nd.FloatToHalf(nd.HalfToFloat(a) - nd.HalfToFloat(b)) },
		func(a, b uint16) uint16 { return nd.FloatToHalf(nd.HalfToFloat(a) + nd.HalfToFloat(b)) })
}

func ownArithmetic[T uint8 | uint16](minus, plus func(a, b T) T) deltaArithmetic {
	return deltaArithmetic{
		func(dst, src []byte) { difference(nd.Elements[T](dst), nd.Elements[T](src), minus) },
		func(dst, src []byte) { sum(nd.Elements[T](dst), nd.Elements[T](src), plus) },
	}
}

func subtract[T nd.AnyElement](dst, src []byte) {
	out, in := nd.Elements[T](dst), nd.Elements[T](src)
	var last T
	for i, v := range in[:len(out)] {
		out[i], last = v-last, v
	}
}

func add[T nd.AnyElement](dst, src []byte) {
	out, in := nd.Elements[T](dst), nd.Elements[T](src)
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
