package view

import (
	"fmt"
	"math"

	"volara/nd"
)

// viewerType returns the type in which the viewer is given values of type t. Labels keep all their bits: negative ones show
// as large numbers.
func viewerType(t nd.DType, kind Kind) (nd.DType, error) {
	switch {
	case kind == Labels && t.IsFloat():
		return nd.Invalid, fmt.Errorf("labels are whole numbers, not %v; show it as an image", t)
	case shownAsIs(t):
		return t, nil
	case t == nd.Bool:
		return nd.Uint8, nil
	case t == nd.Int64 && kind == Labels:
		return nd.Uint64, nil
	case t == nd.Int64, t == nd.Float16, t == nd.Float64:
		return nd.Float32, nil
	}
	return nd.Invalid, fmt.Errorf("values of type %v cannot be shown", t)
}

// convert returns the elements of an array in the type that viewerType names for them, in the machine's byte order. The
// result may be the array's own memory.
func convert(a *nd.Array, to nd.DType) []byte {
	from := a.DType()
	if to != nd.Float32 || from == nd.Float32 {
		return a.Bytes()
	}
	out := nd.New(nd.Float32, a.Shape()...)
	dst := nd.Values[float32](out)
	switch from {
	case nd.Float64:
		for i, v := range nd.Values[float64](a) {
			dst[i] = float32(v)
		}
	case nd.Int64:
		for i, v := range nd.Values[int64](a) {
			dst[i] = float32(v)
		}
	case nd.Float16:
		for i, v := range nd.Values[uint16](a) {
			dst[i] = half(v)
		}
	}
	return out.Bytes()
}

// half returns the value of a float16.
func half(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch exponent {
	case 0:
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
