package picture

import "image/color"

// each calls set for every pixel with the voxel that it shows, by its place among those that were read.
func (p *Picture) each(of plane, set func(pixel []uint8, voxel int)) {
	size := p.Image.Rect.Max
	voxels := make([]int, size.X)
	for x := range voxels {
		voxels[x] = nearest(x, size.X, of.columns.n)
	}
	for y := range size.Y {
		row := nearest(y, size.Y, of.rows.n) * of.columns.n
		line := p.Image.Pix[y*p.Image.Stride:]
		for x, column := range voxels {
			set(line[4*x:4*x+4], row+column)
		}
	}
}

// nearest returns which of so many voxels lies at the centre of a pixel.
func nearest(pixel, pixels, voxels int) int {
	return min(int((float64(pixel)+0.5)*float64(voxels)/float64(pixels)), voxels-1)
}

// paint adds a channel in its colour.
func (p *Picture) paint(values []float64, of plane, w Window, tint [3]float64) {
	shades := make([]uint8, len(values))
	for i, v := range values {
		shades[i] = w.shade(v)
	}
	var table [256][3]uint8
	for shade := range table {
		for c, t := range tint {
			table[shade][c] = uint8(float64(shade)*t + 0.5)
		}
	}
	p.each(of, func(pixel []uint8, voxel int) {
		for c, v := range table[shades[voxel]] {
			pixel[c] = uint8(min(255, int(pixel[c])+int(v)))
		}
		pixel[3] = 255
	})
}

// mostColours bounds the colours that are remembered while labels are drawn.
const mostColours = 1 << 16

// paintLabels draws ids, each in its colour.
func (p *Picture) paintLabels(ids []uint64, of plane) {
	colours := map[uint64]color.RGBA{}
	last, colour := uint64(0), Colour(0)
	p.each(of, func(pixel []uint8, voxel int) {
		if id := ids[voxel]; id != last {
			var known bool
			if colour, known = colours[id]; !known {
				if len(colours) == mostColours {
					clear(colours)
				}
				colour = Colour(id)
				colours[id] = colour
			}
			last = id
		}
		pixel[0], pixel[1], pixel[2], pixel[3] = colour.R, colour.G, colour.B, colour.A
	})
}
