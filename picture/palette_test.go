package picture

import (
	"image/color"
	"math"
	"testing"
)

func TestColour(t *testing.T) {
	if c := Colour(0); c != (color.RGBA{0, 0, 0, 255}) {
		t.Errorf("background is %v", c)
	}
	seen := map[color.RGBA]bool{}
	for id := uint64(1); id <= 1000; id++ {
		c := Colour(id)
		if luma := 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B); luma < 85 || luma > 225 {
			t.Errorf("id %d has luma %.0f", id, luma)
		}
		seen[c] = true
	}
	if len(seen) < 950 {
		t.Errorf("1000 ids have %d colours", len(seen))
	}
	if got, want := Colour(12345), (color.RGBA{199, 160, 226, 255}); got != want {
		t.Errorf("the colour of 12345 has become %v, it was %v", got, want)
	}
}

// Reference values of Ottosson's OKLab: white, and sRGB red and blue.
func TestOKLCh(t *testing.T) {
	for _, c := range []struct{ l, a, b, red, green, blue float64 }{
		{1, 0, 0, 1, 1, 1},
		{0, 0, 0, 0, 0, 0},
		{0.627955, 0.224863, 0.125846, 1, 0, 0},
		{0.452014, -0.032457, -0.311528, 0, 0, 1},
	} {
		r, g, b := oklch(c.l, math.Hypot(c.a, c.b), math.Atan2(c.b, c.a))
		if math.Abs(r-c.red)+math.Abs(g-c.green)+math.Abs(b-c.blue) > 1e-4 {
			t.Errorf("oklab (%v, %v, %v) is (%v, %v, %v)", c.l, c.a, c.b, r, g, b)
		}
	}
	if SRGB(0) != 0 || SRGB(1) != 255 || SRGB(2) != 255 || SRGB(0.2158605) != 128 {
		t.Errorf("sRGB of 0, 1, 2, 0.216 is %d, %d, %d, %d", SRGB(0), SRGB(1), SRGB(2), SRGB(0.2158605))
	}
}
