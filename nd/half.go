package nd

import "math"

// HalfToFloat widens an IEEE 754 half-precision number, which is how elements of Float16 are held.
func HalfToFloat(h uint16) float64 {
	sign, exponent, fraction := uint64(h>>15)<<63, uint64(h>>10&0x1f), uint64(h&0x3ff)
	switch {
	case exponent == 0:
		return math.Float64frombits(sign | math.Float64bits(float64(fraction)*(1.0/(1<<24))))
	case exponent < 0x1f:
		return math.Float64frombits(sign | (exponent+1023-15)<<52 | fraction<<42)
	case fraction == 0:
		return math.Inf(1 - 2*int(h>>15))
	}
	return math.Float64frombits(sign | math.Float64bits(math.NaN()))
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
