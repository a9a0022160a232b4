package stages

import (
	"fmt"
	"math"

	"volara/fault"
	"volara/nd"
)

// asLabels returns an integer array as uint64, without a copy where it is that already. A negative label is an error.
func asLabels(a *nd.Array) ([]uint64, error) {
	switch a.DType() {
	case nd.Uint64:
		return nd.Values[uint64](a), nil
	case nd.Uint8:
		return widen[uint8](a)
	case nd.Uint16:
		return widen[uint16](a)
	case nd.Uint32:
		return widen[uint32](a)
	case nd.Int8:
		return widen[int8](a)
	case nd.Int16:
		return widen[int16](a)
	case nd.Int32:
		return widen[int32](a)
	case nd.Int64:
		return widen[int64](a)
	}
	return nil, fault.Permanent(fmt.Errorf("labels of type %v", a.DType()))
}

func widen[T nd.Element](a *nd.Array) ([]uint64, error) {
	values := nd.Values[T](a)
	out := make([]uint64, len(values))
	for i, v := range values {
		if v < 0 {
			return nil, fault.Permanent(fmt.Errorf("label %v is negative", v))
		}
		out[i] = uint64(v)
	}
	return out, nil
}

// asFloat64 returns any array's values as float64, without a copy where they are that already.
func asFloat64(a *nd.Array) []float64 {
	switch a.DType() {
	case nd.Float64:
		return nd.Values[float64](a)
	case nd.Float32:
		return toFloat64[float32](a)
	case nd.Float16:
		halves := nd.Values[uint16](a)
		out := make([]float64, len(halves))
		for i, h := range halves {
			out[i] = halfToFloat64(h)
		}
		return out
	case nd.Uint8, nd.Bool:
		return toFloat64[uint8](a)
	case nd.Uint16:
		return toFloat64[uint16](a)
	case nd.Uint32:
		return toFloat64[uint32](a)
	case nd.Uint64:
		return toFloat64[uint64](a)
	case nd.Int8:
		return toFloat64[int8](a)
	case nd.Int16:
		return toFloat64[int16](a)
	case nd.Int32:
		return toFloat64[int32](a)
	}
	return toFloat64[int64](a)
}

func toFloat64[T nd.Element](a *nd.Array) []float64 {
	values := nd.Values[T](a)
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// halfToFloat64 widens an IEEE 754 binary16 number.
func halfToFloat64(h uint16) float64 {
	sign, exponent, fraction := 1.0, int(h>>10)&31, float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
