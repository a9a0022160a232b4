package nd

import "math"

// HalfToFloat widens an IEEE 754 half-precision number, which is how elements of Float16 are held.
func HalfToFloat(h uint16) float64 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	v := 0.0
	switch exponent {
	case 0:
		v = fraction * (1.0 / (1 << 24))
	case 0x1f:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Float64frombits(uint64(exponent+1023-15)<<52 | uint64(h&0x3ff)<<42)
	}
	if h>>15 != 0 {
		v = -v
	}
	return v
}

// FloatToHalf rounds to the nearest half-precision number, ties to even.
func FloatToHalf(v float64) uint16 {
	bits := math.Float64bits(v)
	sign, bits := uint16(bits>>48)&0x8000, bits&^(1<<63)
	switch v = math.Float64frombits(bits); {
	case v != v:
		return sign | 0x7e00
	case v >= 65520: // halfway between the largest number and the next power of two
		return sign | 0x7c00
	case v < 0x1p-14: // numbers are 2⁻²⁴ apart
		return sign | uint16(math.RoundToEven(v*0x1p24))
	}
	bits -= (1023 - 15) << 52
	odd := bits >> 42 & 1
	return sign | uint16((bits+(1<<41-1)+odd)>>42)
}
