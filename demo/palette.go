package demo

import (
	"image/color"

	"volara/picture"
)

// Colour returns the colour of an id in every picture.
func Colour(id uint64) color.RGBA { return picture.Colour(id) }

// blend mixes two colours, t = 0 for a.
func blend(a, b color.RGBA, t float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(mix(float64(a), float64(b), t) + 0.5) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 255}
}

// coloursOf returns the colours of all ids that occur.
func coloursOf(ids []uint64) map[uint64]color.RGBA {
	colours := map[uint64]color.RGBA{}
	for i, id := range ids {
		if i > 0 && id == ids[i-1] {
			continue
		}
		if _, ok := colours[id]; !ok {
			colours[id] = picture.Colour(id)
		}
	}
	return colours
}
