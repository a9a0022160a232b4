package codec

import "volara/nd"

// cast converts elements as numpy's astype does: integers wrap, fractions are cut off, what is not 0 is true. Floats
// beyond an integer's range give what the lowest bits of the nearest 64-bit integer are.
func cast(dst []byte, to nd.DType, src []byte, from nd.DType) {
	if to == from {
		copy(dst, src)
		return
	}
	switch from {
	case nd.Bool:
		castFrom(dst, to, view[truth](src))
	case nd.Int8:
		castFrom(dst, to, view[int8](src))
	case nd.Int16:
		castFrom(dst, to, view[int16](src))
	case nd.Int32:
		castFrom(dst, to, view[int32](src))
	case nd.Int64:
		castFrom(dst, to, view[int64](src))
	case nd.Uint8:
		castFrom(dst, to, view[uint8](src))
	case nd.Uint16:
		castFrom(dst, to, view[uint16](src))
	case nd.Uint32:
		castFrom(dst, to, view[uint32](src))
	case nd.Uint64:
		castFrom(dst, to, view[uint64](src))
	case nd.Float16:
		wide := make([]float32, len(src)/2)
		for i, h := range view[uint16](src) {
			wide[i] = float32(nd.HalfToFloat(h))
		}
		castFloats(dst, to, wide)
	case nd.Float32:
		castFloats(dst, to, view[float32](src))
	case nd.Float64:
		castFloats(dst, to, view[float64](src))
	}
}

// castFrom converts integers and booleans.
func castFrom[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | truth](dst []byte, to nd.DType, src []T) {
	switch to {
	case nd.Int8, nd.Uint8:
		convert(view[uint8](dst), src)
	case nd.Int16, nd.Uint16:
		convert(view[uint16](dst), src)
	case nd.Int32, nd.Uint32:
		convert(view[uint32](dst), src)
	case nd.Int64, nd.Uint64:
		convert(view[uint64](dst), src)
	case nd.Float32:
		convert(view[float32](dst), src)
	case nd.Float64:
		convert(view[float64](dst), src)
	default:
		castSpecial(dst, to, src)
	}
}

func castFloats[T float32 | float64](dst []byte, to nd.DType, src []T) {
	switch to {
	case nd.Int8, nd.Uint8:
		truncate(view[uint8](dst), src)
	case nd.Int16, nd.Uint16:
		truncate(view[uint16](dst), src)
	case nd.Int32, nd.Uint32:
		truncate(view[uint32](dst), src)
	case nd.Int64:
		for i, out := 0, view[int64](dst); i < len(out); i++ {
			out[i] = toInt64(float64(src[i]))
		}
	case nd.Uint64:
		for i, out := 0, view[uint64](dst); i < len(out); i++ {
			out[i] = toUint64(float64(src[i]))
		}
	case nd.Float32:
		convert(view[float32](dst), src)
	case nd.Float64:
		convert(view[float64](dst), src)
	default:
		castSpecial(dst, to, src)
	}
}

// castSpecial converts to the types that Go does not have.
func castSpecial[T number](dst []byte, to nd.DType, src []T) {
	if to == nd.Bool {
		for i, out := 0, dst; i < len(out); i++ {
			out[i] = 0
			if src[i] != 0 {
				out[i] = 1
			}
		}
		return
	}
	for i, out := 0, view[uint16](dst); i < len(out); i++ {
		out[i] = nd.FloatToHalf(float64(src[i]))
	}
}

func convert[D, S number](dst []D, src []S) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = D(src[i])
	}
}

func truncate[D uint8 | uint16 | uint32, S float32 | float64](dst []D, src []S) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = D(toInt64(float64(src[i])))
	}
}

// toInt64 cuts off the fraction; what no int64 is, NaN too, becomes the smallest one.
func toInt64(v float64) int64 {
	if v >= -1<<63 && v < 1<<63 {
		return int64(v)
	}
	return -1 << 63
}

// toUint64 cuts off the fraction; negative numbers wrap around.
func toUint64(v float64) uint64 {
	if v >= 1<<63 && v < 1<<64 {
		return uint64(v-1<<63) + 1<<63
	}
	return uint64(toInt64(v))
}
