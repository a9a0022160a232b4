package lazy

import (
	"math"

	"volara/nd"
)

// number lists the Go types that stand for numbers in memory, but for Float16.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// cast returns the steps that make elements of another type: numpy's astype. Whole numbers wrap around, floats lose
// their fraction and are rounded to narrower floats, ties to even; true is 1, and what is not 0 becomes true. A float that
// the whole number's type does not hold becomes the nearest one that it does, NaN 0: numpy's result depends on the machine.
func cast(from, to nd.DType) []step {
	switch {
	case from == to:
		return nil
	case from == nd.Float16 && to != nd.Float32:
		return append(cast(nd.Float16, nd.Float32), cast(nd.Float32, to)...)
	case from == nd.Float16:
		return []step{plain(to, widenHalf)}
	}
	return []step{plain(to, castKernel(from, to))}
}

func plain(to nd.DType, run func(dst, src []byte)) step {
	return step{to: to, run: func(dst, src []byte, _ place) error { run(dst, src); return nil }, plain: true}
}

func castKernel(from, to nd.DType) func(dst, src []byte) {
	switch from {
	case nd.Bool:
		return afterBool(castFrom[uint8](to))
	case nd.Int8:
		return castFrom[int8](to)
	case nd.Int16:
		return castFrom[int16](to)
	case nd.Int32:
		return castFrom[int32](to)
	case nd.Int64:
		return castFrom[int64](to)
	case nd.Uint8:
		return castFrom[uint8](to)
	case nd.Uint16:
		return castFrom[uint16](to)
	case nd.Uint32:
		return castFrom[uint32](to)
	case nd.Uint64:
		return castFrom[uint64](to)
	case nd.Float32:
		return castFrom[float32](to)
	}
	return castFrom[float64](to)
}

func castFrom[S number](to nd.DType) func(dst, src []byte) {
	switch to {
	case nd.Bool:
		return isNotZero[S]
	case nd.Int8:
		return castTo[S, int8]()
	case nd.Int16:
		return castTo[S, int16]()
	case nd.Int32:
		return castTo[S, int32]()
	case nd.Int64:
		return castTo[S, int64]()
	case nd.Uint8:
		return castTo[S, uint8]()
	case nd.Uint16:
		return castTo[S, uint16]()
	case nd.Uint32:
		return castTo[S, uint32]()
	case nd.Uint64:
		return castTo[S, uint64]()
	case nd.Float16:
		return narrowToHalf[S]
	case nd.Float32:
		return castTo[S, float32]()
	}
	return castTo[S, float64]()
}

func castTo[S, D number]() func(dst, src []byte) {
	if isFloat[S]() && !isFloat[D]() {
		return truncate[S, D]
	}
	return convert[S, D]
}

func isFloat[T number]() bool {
	half := 0.5
	return T(half) != 0
}

func convert[S, D number](dst, src []byte) {
	in, out := elements[S](src), elements[D](dst)
	out = out[:len(in)]
	for i, v := range in {
		out[i] = D(v)
	}
}

// truncate turns floats into whole numbers of a type.
func truncate[S, D number](dst, src []byte) {
	in, out := elements[S](src), elements[D](dst)
	out = out[:len(in)]
	least, most := bounds[D]()
	low, high := float64(least), float64(most)
	for i, v := range in {
		switch f := float64(v); {
		case f > low && f < high:
			out[i] = D(f)
		case f <= low:
			out[i] = least
		case f >= high:
			out[i] = most
		default:
			out[i] = 0
		}
	}
}

// bounds returns the least and the largest number of a type of whole numbers.
func bounds[T number]() (least, most T) {
	var zero T
	switch any(zero).(type) {
	case int8:
		return asNumber[T](math.MinInt8), asNumber[T](math.MaxInt8)
	case int16:
		return asNumber[T](math.MinInt16), asNumber[T](math.MaxInt16)
	case int32:
		return asNumber[T](math.MinInt32), asNumber[T](math.MaxInt32)
	case int64:
		return asNumber[T](math.MinInt64), asNumber[T](math.MaxInt64)
	}
	most--
	return 0, most // of an unsigned type
}

func asNumber[T number](v int64) T { return T(v) }

func isNotZero[S number](dst, src []byte) {
	in := elements[S](src)
	dst = dst[:len(in)]
	for i, v := range in {
		dst[i] = truth(v != 0)
	}
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// afterBool makes true of every byte that is not 0 before a kernel sees it, as bytes in a store may be any. Its
// kernel reads bytes as bytes, so that the piece may be normalised where it lies.
func afterBool(run func(dst, src []byte)) func(dst, src []byte) {
	return func(dst, src []byte) {
		for i, b := range src {
			src[i] = truth(b != 0)
		}
		run(dst, src)
	}
}

func widenHalf(dst, src []byte) {
	in, out := elements[uint16](src), elements[float32](dst)
	out = out[:len(in)]
	for i, h := range in {
		out[i] = float32(nd.HalfToFloat(h))
	}
}

func narrowToHalf[S number](dst, src []byte) {
	in, out := elements[S](src), elements[uint16](dst)
	out = out[:len(in)]
	for i, v := range in {
		out[i] = nd.FloatToHalf(float64(v))
	}
}
