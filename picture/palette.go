package picture

import (
	"image/color"
	"math"
)

// Colour returns the colour of an id: the same in every picture, equally bright and colourful to the eye as others,
// black for the background 0.
func Colour(id uint64) color.RGBA {
	if id == 0 {
		return color.RGBA{A: 255}
	}
	h := mix64(0x636f6c6f7572 ^ id)
	lightness := 0.60 + 0.22*uniform(mix64(h))
	chroma := 0.085 + 0.07*uniform(mix64(h+1))
	r, g, b := oklch(lightness, chroma, 2*math.Pi*uniform(h))
	return color.RGBA{SRGB(r), SRGB(g), SRGB(b), 255}
}

// oklch converts lightness, chroma and hue (radians) of Ottosson's OKLab colour space (2020) to linear sRGB.
func oklch(lightness, chroma, hue float64) (r, g, b float64) {
	sin, cos := math.Sincos(hue)
	u, v := chroma*cos, chroma*sin
	l := lightness + 0.3963377774*u + 0.2158037573*v
	m := lightness - 0.1055613458*u - 0.0638541728*v
	s := lightness - 0.0894841775*u - 1.2914855480*v
	l, m, s = l*l*l, m*m*m, s*s*s
	return 4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s
}

// SRGB encodes a linear value as 8-bit sRGB, clipped.
func SRGB(v float64) uint8 {
	v = min(max(v, 0), 1)
	if v <= 0.0031308 {
		return uint8(12.92*v*255 + 0.5)
	}
	return uint8((1.055*math.Pow(v, 1/2.4)-0.055)*255 + 0.5)
}

// mix64 is the finalizer of splitmix64 (Steele, Lea, Flood 2014).
func mix64(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// uniform maps a hash to [0, 1).
func uniform(h uint64) float64 { return float64(h>>11) * (1.0 / (1 << 53)) }
