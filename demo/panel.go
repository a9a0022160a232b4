package demo

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// A plane is a cut through a volume along two axes, row by row.
type plane[T any] struct {
	values        []T
	height, width int
}

// grayPanel shows intensities.
func grayPanel(p plane[uint8], size image.Point) *image.RGBA {
	return enlarge(&image.Gray{Pix: p.values, Stride: p.width, Rect: image.Rect(0, 0, p.width, p.height)}, size)
}

// affinityPanel shows one to three channels of affinities as red, green and blue: white where a voxel belongs with its
// neighbours along all axes. The last channel stands for those that are missing.
func affinityPanel(channels []plane[uint8], size image.Point) *image.RGBA {
	p := channels[0]
	src := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	for i := range p.values {
		for c := range 3 {
			src.Pix[4*i+c] = channels[min(c, len(channels)-1)].values[i]
		}
		src.Pix[4*i+3] = 255
	}
	return enlarge(src, size)
}

func enlarge(src image.Image, size image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(dst, dst.Rect, src, src.Bounds(), draw.Src, nil)
	return dst
}

// labelPanel shows ids in their colours with dark outlines, the background black.
func labelPanel(p plane[uint64], size image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	colours := coloursOf(p.values)
	outline := color.RGBA{12, 13, 16, 255}
	contours(p, size, func(x, y int, id uint64, edge float64) {
		dst.SetRGBA(x, y, blend(colours[id], outline, 0.9*edge))
	})
	return dst
}

// overlayPanel shows ids as a tint over intensities, brighter along their outlines.
func overlayPanel(raw plane[uint8], p plane[uint64], size image.Point) *image.RGBA {
	dst := grayPanel(raw, size)
	colours := coloursOf(p.values)
	contours(p, size, func(x, y int, id uint64, edge float64) {
		if id == 0 {
			return
		}
		c, under := colours[id], dst.RGBAAt(x, y)
		light := float64(under.R) / 255
		tinted := blend(color.RGBA{A: 255}, c, min(1, 0.18+1.05*light))
		dst.SetRGBA(x, y, blend(blend(under, tinted, 0.62), c, 0.35*edge))
	})
	return dst
}

// contours enlarges ids with smooth outlines and hands on each pixel's id and how much of an outline it is (0 to 1):
// every id's voxels are spread by a cubic B-spline, and the id with most weight has the pixel.
func contours(p plane[uint64], size image.Point, set func(x, y int, id uint64, edge float64)) {
	columns := make([]spline, size.X)
	for x := range columns {
		columns[x] = newSpline(x, size.X, p.width)
	}
	ids, lead := make([]uint64, size.X*size.Y), make([]float64, size.X*size.Y)
	parallel(size.Y, func(y int) {
		row := newSpline(y, size.Y, p.height)
		for x := range columns {
			ids[y*size.X+x], lead[y*size.X+x] = heaviest(p, row, columns[x])
		}
	})
	parallel(size.Y, func(y int) {
		for x := range size.X {
			at := y*size.X + x
			edge := 1 - smoothstep(0.5, 1.3, rim(lead, size, x, y))
			if x < size.X-1 && ids[at] != ids[at+1] || y < size.Y-1 && ids[at] != ids[at+size.X] {
				edge = max(edge, 0.75) // also where pixels are too coarse to see the lead change
			}
			set(x, y, ids[at], edge)
		}
	})
}

// rim estimates how many pixels away the nearest outline is: where the lead of the heaviest id, which is 0 on an
// outline, would fall to 0 at the rate at which it changes here.
func rim(lead []float64, size image.Point, x, y int) float64 {
	at := y*size.X + x
	rate := func(step int, before, after bool) float64 {
		r := 0.0
		if before {
			r = math.Abs(lead[at] - lead[at-step])
		}
		if after {
			r = max(r, math.Abs(lead[at+step]-lead[at]))
		}
		return r
	}
	rise := math.Hypot(rate(1, x > 0, x < size.X-1), rate(size.X, y > 0, y < size.Y-1))
	return lead[at] / (rise + 1e-9)
}

// A spline holds the four samples around a position and their weights.
type spline struct {
	at     [4]int
	weight [4]float64
}

// newSpline places pixel i of size over n samples.
func newSpline(i, size, n int) spline {
	v := (float64(i)+0.5)*float64(n)/float64(size) - 0.5
	low := math.Floor(v)
	t := v - low
	s := spline{weight: [4]float64{
		(1 - t) * (1 - t) * (1 - t) / 6, (3*t*t*t - 6*t*t + 4) / 6, (-3*t*t*t + 3*t*t + 3*t + 1) / 6, t * t * t / 6,
	}}
	for k := range s.at {
		s.at[k] = min(max(int(low)+k-1, 0), n-1)
	}
	return s
}

// heaviest returns the id with most weight and how much heavier it is than the next.
func heaviest(p plane[uint64], row, column spline) (id uint64, margin float64) {
	var ids [16]uint64
	var weights [16]float64
	n := 0
	for j, y := range row.at {
		for i, x := range column.at {
			v, k := p.values[y*p.width+x], 0
			for k < n && ids[k] != v {
				k++
			}
			if k == n {
				ids[n] = v
				n++
			}
			weights[k] += row.weight[j] * column.weight[i]
		}
	}
	best, next := 0.0, 0.0
	for k, w := range weights[:n] {
		if w > best || w == best && ids[k] < id {
			best, next, id = w, best, ids[k]
		} else {
			next = max(next, w)
		}
	}
	return id, best - next
}
