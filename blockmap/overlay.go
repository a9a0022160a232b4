package blockmap

import (
	"image"
	"image/color"
	"math"

	"volara/geometry"
	"volara/picture"
)

// How much of a block's colour its pixels take, and, where blocks are large enough to have one, those of its edge.
const (
	overlayTint = 0.35
	overlayEdge = 0.9
	edgedBlock  = 6 // pixels
)

// Overlay lays the blocks of a task over a picture, each in the colour of its state, and counts those that are shown. The
// picture's array is placed in the world of the grid, which has an axis for each of its axes of space and time.
func Overlay(p *picture.Picture, grid geometry.Grid, m *Map) Tally {
	var shown Tally
	for first, length := range grid.Rows(grid.Writers(shownWorld(p.Frame))) {
		for i := first; i < first+int64(length); i++ {
			write := grid.At(i).WriteROI
			if rect, ok := p.Frame.Rect(worldFloats(write.Offset), worldFloats(write.End())); ok {
				state := m.State(i)
				shown[state]++
				tint(p.Image, rect, state.Colour())
			}
		}
	}
	return shown
}

// shownWorld returns a region in whole world units that holds all that a picture shows.
func shownWorld(f picture.Frame) geometry.Roi {
	var begin, end geometry.Coordinate
	for i, axis := range f.Place.Physical() {
		from := f.Place.Offset[i] + float64(f.Box.Offset[axis])*f.Place.VoxelSize[i]
		begin = append(begin, int(math.Floor(from)))
		end = append(end, int(math.Ceil(from+float64(f.Box.Shape[axis])*f.Place.VoxelSize[i])))
	}
	return geometry.FromCorners(begin, end)
}

func worldFloats(c geometry.Coordinate) []float64 {
	out := make([]float64, len(c))
	for i, v := range c {
		out[i] = float64(v)
	}
	return out
}

// tint gives the pixels of a block its colour, those at its edge more of it.
func tint(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	edged := r.Dx() >= edgedBlock && r.Dy() >= edgedBlock
	inside := r.Intersect(img.Rect)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			share := overlayTint
			if edged && (x == r.Min.X || y == r.Min.Y || x == r.Max.X-1 || y == r.Max.Y-1) {
				share = overlayEdge
			}
			was := img.RGBAAt(x, y)
			img.SetRGBA(x, y, color.RGBA{mix(was.R, c.R, share), mix(was.G, c.G, share), mix(was.B, c.B, share), 255})
		}
	}
}

func mix(a, b uint8, share float64) uint8 {
	return uint8(float64(a)*(1-share) + float64(b)*share + 0.5)
}
