package nd_test

import (
	"math"
	"testing"

	"volara/nd"
)

// TestHalf takes every half-precision number to float64 and back, and the points between neighbours to the even one.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		v := nd.HalfToFloat(uint16(h))
		if h&0x7c00 == 0x7c00 && h&0x3ff != 0 {
			if !math.IsNaN(v) || !math.IsNaN(nd.HalfToFloat(nd.FloatToHalf(v))) {
				t.Fatalf("%04x is not a NaN but %v", h, v)
			}
			continue
		}
		if back := nd.FloatToHalf(v); back != uint16(h) {
			t.Fatalf("%04x is %v, which is %04x", h, v, back)
		}
		if next := nd.HalfToFloat(uint16(h + 1)); h&0x7fff < 0x7bff {
			between := (v + next) / 2
			if got, want := nd.FloatToHalf(between), uint16(h+h&1); got != want {
				t.Fatalf("%v, between %04x and the next, is %04x, want %04x", between, h, got, want)
			}
		}
	}
	for _, c := range []struct {
		v    float64
		want uint16
	}{{1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {65519.99, 0x7bff}, {65520, 0x7c00}, {1e300, 0x7c00}, {1e-300, 0},
		{math.Copysign(0, -1), 0x8000}, {math.Ldexp(1, -24), 1}, {math.Ldexp(1, -25), 0}, {math.Ldexp(3, -26), 1}} {
		if got := nd.FloatToHalf(c.v); got != c.want {
			t.Errorf("%v is %04x, want %04x", c.v, got, c.want)
		}
	}
}
