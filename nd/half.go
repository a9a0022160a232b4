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
	sign := uint16(math.Float64bits(v) >> 63 << 15)
	v = math.Abs(v)
	switch {
	case v != v:
		return sign | 0x7e00
	case v >= 65520: // halfway between the largest number and the next power of two
		return sign | 0x7c00
	}
	_, exponent := math.Frexp(v)
	exponent = max(exponent, -13)
	// Now v is below 2^exponent; numbers there are 2^(exponent−11) apart.
	steps := uint16(math.RoundToEven(math.Ldexp(v, 11-exponent)))
	if steps < 1024 {
		return sign | steps
	}
	return sign | (uint16(exponent+13)<<10 + steps)
}
