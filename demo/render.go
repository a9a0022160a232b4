package demo

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math"
	"slices"

	"volara/picture"
)

// neurites draws some segments in space, in front of what raw shows on the far faces of the volume.
func (v *view) neurites(s *style, width int) *image.RGBA {
	chosen := v.some()
	sc := &scene{
		view: v, camera: newCamera(v.frame, float64(width)), solid: newSolid(v.frame, v.segments, chosen),
		colours: coloursOf(slices.Collect(maps.Keys(chosen))), nothing: s.paper,
	}
	remark := fmt.Sprintf("%d of the segments, and raw behind them", len(chosen))
	return s.sheet("volara", v.remark(), []panel{{sc.draw(), "neurites", remark}})
}

// A scene is what the rays of a picture meet.
type scene struct {
	*view
	camera
	solid   *solid
	colours map[uint64]color.RGBA
	nothing color.RGBA // beside the volume
}

// Ids of what is no segment.
const (
	nowhere = math.MaxUint64
	behind  = math.MaxUint64 - 1
)

// draw sends a ray through the middle of each pixel, and more of them where pixels side by side show different things.
func (s *scene) draw() *image.RGBA {
	img := image.NewRGBA(image.Rectangle{Max: s.size})
	width, height := s.size.X, s.size.Y
	ids := make([]uint64, width*height)
	parallel(height, func(y int) {
		for x := range width {
			c, id := s.see(s.ray(float64(x)+0.5, float64(y)+0.5))
			img.SetRGBA(x, y, c)
			ids[y*width+x] = id
		}
	})
	parallel(height, func(y int) {
		for x := range width {
			at := y*width + x
			if x > 0 && ids[at-1] != ids[at] || x < width-1 && ids[at+1] != ids[at] ||
				y > 0 && ids[at-width] != ids[at] || y < height-1 && ids[at+width] != ids[at] {
				img.SetRGBA(x, y, s.mean(x, y))
			}
		}
	})
	return img
}

// mean returns the mean colour of a grid of rays through a pixel.
func (s *scene) mean(x, y int) color.RGBA {
	const side = 3
	var r, g, b int
	for i := range side * side {
		c, _ := s.see(s.ray(float64(x)+(float64(i%side)+0.5)/side, float64(y)+(float64(i/side)+0.5)/side))
		r, g, b = r+int(c.R), g+int(c.G), b+int(c.B)
	}
	const n = side * side
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// see returns what is at the end of a ray.
func (s *scene) see(r ray) (color.RGBA, uint64) {
	near, far, ok := s.within(r)
	if !ok {
		return s.nothing, nowhere
	}
	if t, hit := s.solid.first(r, near, far); hit {
		at := r.at(t)
		normal := s.solid.normal(at)
		id := s.solid.id(at, normal)
		return s.shade(s.colours[id], normal, r.along, (t-near)/s.deep), id
	}
	return blend(s.nothing, s.wall(s.camera, r.at(far)), 0.62), behind
}

// wall returns what raw shows where a ray leaves the volume, darker on faces that get less light.
func (v *view) wall(c camera, at vec) color.RGBA {
	face, near := 0, math.Inf(1)
	for d := range 3 {
		if gap := min(math.Abs(at[d]), math.Abs(at[d]-c.extent[d])); gap < near {
			face, near = d, gap
		}
	}
	grey := uint8(interpolate(v.raw, v.frame, at) * []float64{0.95, 0.72, 0.84}[face])
	return color.RGBA{grey, grey, grey, 255}
}

// some chooses segments to show: those that reach farthest, but for those that fill too much of the volume, together
// about a fifth of it. The value of each is true.
func (v *view) some() map[uint64]bool {
	boxes := v.boxes()
	reach := func(id uint64) float64 {
		b := boxes[id]
		var span vec
		for d := range 3 {
			span[d] = float64(b.hi[d]-b.lo[d]) * v.voxel[d]
		}
		return span.norm()
	}
	ids := slices.SortedFunc(maps.Keys(boxes), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(reach(b), reach(a)), cmp.Compare(a, b))
	})
	chosen, total := map[uint64]bool{}, 0
	for _, id := range ids {
		if n := boxes[id].voxels; n < len(v.segments)/28 {
			chosen[id] = true
			total += n
		}
		if total > len(v.segments)/6 || len(chosen) >= 24 {
			break
		}
	}
	if len(chosen) == 0 && len(ids) > 0 {
		chosen[ids[0]] = true
	}
	return chosen
}

// A bounding box of a segment.
type bounds struct {
	box
	voxels int
}

// boxes returns the bounding boxes of all segments.
func (v *view) boxes() map[uint64]bounds {
	boxes := map[uint64]bounds{}
	width := v.shape[2]
	for begin := 0; begin < len(v.segments); {
		id, end := v.segments[begin], begin+1
		for end%width != 0 && v.segments[end] == id {
			end++
		}
		if id != 0 {
			row := begin / width
			run := box{[3]int{row / v.shape[1], row % v.shape[1], begin % width}, [3]int{row/v.shape[1] + 1, row%v.shape[1] + 1, (end-1)%width + 1}}
			b, ok := boxes[id]
			if !ok {
				b.box = run
			}
			for d := range 3 {
				b.lo[d], b.hi[d] = min(b.lo[d], run.lo[d]), max(b.hi[d], run.hi[d])
			}
			b.voxels += end - begin
			boxes[id] = b
		}
		begin = end
	}
	return boxes
}

// A ray is a line of sight.
type ray struct{ from, along vec }

func (r ray) at(t float64) vec { return r.from.add(r.along.scale(t)) }

// A camera looks at the volume from far away, aside and a little from above, with the first axis upright.
type camera struct {
	extent             vec
	size               image.Point
	world              float64 // a pixel
	right, up, forward vec
	light              vec
	centre             vec
	deep               float64 // from the nearest to the farthest corner
}

// newCamera makes the volume fill a picture of the given width.
func newCamera(f frame, width float64) camera {
	const aside, above = 0.62, 0.46 // radians
	sa, ca := math.Sincos(aside)
	se, ce := math.Sincos(above)
	c := camera{
		extent: f.extent(), centre: f.extent().scale(0.5),
		right: vec{0, -sa, ca}, up: vec{-ce, se * ca, se * sa}, forward: vec{se, ce * ca, ce * sa},
	}
	// The light comes over the viewer's left shoulder.
	c.light = c.forward.scale(-0.72).add(c.up.scale(0.55)).add(c.right.scale(-0.42)).unit()
	half := func(axis vec) float64 {
		sum := 0.0
		for d := range 3 {
			sum += math.Abs(axis[d]) * c.extent[d] / 2
		}
		return sum
	}
	c.world = 2 * half(c.right) / width
	c.size = image.Pt(int(width), max(1, int(math.Ceil(2*half(c.up)/c.world))))
	c.deep = 2 * half(c.forward)
	return c
}

// ray returns the line of sight of a place in the picture.
func (c camera) ray(x, y float64) ray {
	from := c.centre.add(c.right.scale((x - float64(c.size.X)/2) * c.world))
	from = from.sub(c.up.scale((y - float64(c.size.Y)/2) * c.world))
	return ray{from.sub(c.forward.scale(c.deep)), c.forward}
}

// within returns where a ray enters and leaves the volume.
func (c camera) within(r ray) (near, far float64, ok bool) {
	near, far = 0, math.Inf(1)
	for d := range 3 {
		a, b := (0-r.from[d])/r.along[d], (c.extent[d]-r.from[d])/r.along[d]
		near, far = max(near, min(a, b)), min(far, max(a, b))
	}
	return near, far, near < far
}

// shade lights a surface: diffuse and a little gloss; what is deeper in the volume is darker.
func (c camera) shade(base color.RGBA, normal, along vec, depth float64) color.RGBA {
	facing := max(0, normal.dot(c.light))
	half := c.light.sub(along).unit()
	gloss := math.Pow(max(0, normal.dot(half)), 28)
	light := (0.30 + 0.82*facing) * (1.06 - 0.5*depth)
	lit := func(v uint8) uint8 {
		linear := math.Pow(float64(v)/255, 2.2)
		return picture.SRGB(linear*light*light*1.05 + 0.10*gloss)
	}
	return color.RGBA{lit(base.R), lit(base.G), lit(base.B), 255}
}
