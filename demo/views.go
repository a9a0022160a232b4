package demo

import (
	"fmt"
	"image"
	"strings"
)

// A cut says along which axis, and where, a volume is cut.
type cut struct{ axis, at int }

// plane returns the two axes of the cut plane.
func (c cut) plane() (down, right int) {
	switch c.axis {
	case 0:
		return 1, 2
	case 1:
		return 0, 2
	}
	return 0, 1
}

// through cuts a volume's values.
func through[T any](values []T, shape [3]int, c cut) plane[T] {
	down, right := c.plane()
	p := plane[T]{height: shape[down], width: shape[right]}
	p.values = make([]T, 0, p.height*p.width)
	var at [3]int
	at[c.axis] = c.at
	for at[down] = 0; at[down] < p.height; at[down]++ {
		for at[right] = 0; at[right] < p.width; at[right]++ {
			p.values = append(p.values, values[(at[0]*shape[1]+at[1])*shape[2]+at[2]])
		}
	}
	return p
}

// pixels returns the size of a picture of a cut, about as wide as asked and not very much higher, with the world's
// proportions, and what a pixel measures.
func (f frame) pixels(c cut, width int) (size image.Point, worldPerPixel float64) {
	down, right := c.plane()
	h, w := f.extent()[down], f.extent()[right]
	worldPerPixel = max(w, h/1.7) / float64(width)
	return image.Pt(max(1, int(w/worldPerPixel+0.5)), max(1, int(h/worldPerPixel+0.5))), worldPerPixel
}

// panels draws what went in and what came out side by side.
func (v *view) panels(s *style, width int) *image.RGBA {
	rows := [][]panel{v.row(s, cut{0, v.shape[0] / 2}, width)}
	if v.dims == 3 && !v.flat(0) {
		rows = append(rows, v.row(s, cut{1, v.shape[1] / 2}, width))
	}
	return s.sheet("volara", v.remark(), rows...)
}

func (v *view) row(s *style, c cut, width int) []panel {
	size, world := v.pixels(c, width)
	fragments := through(v.fragments, v.shape, c)
	segments := through(v.segments, v.shape, c)
	var affs []plane[uint8]
	for _, channel := range v.affs {
		affs = append(affs, through(channel, v.shape, c))
	}
	raw := grayPanel(through(v.raw, v.shape, c), size)
	s.scaleBar(raw, world, v.unit)
	where := ""
	if v.dims == 3 {
		where = fmt.Sprintf("%s = %d", []string{"z", "y", "x"}[c.axis], c.at)
	}
	return []panel{
		{raw, "raw", where},
		{affinityPanel(affs, size), "affinities", strings.TrimSpace(v.axes + " as red, green, blue")},
		{labelPanel(fragments, size), "fragments", counted(fragments.values)},
		{labelPanel(segments, size), "segments", counted(segments.values)},
	}
}

// overlay draws the segments over the raw data.
func (v *view) overlay(s *style, width int) *image.RGBA {
	c := cut{0, v.shape[0] / 2}
	size, world := v.pixels(c, width)
	img := overlayPanel(through(v.raw, v.shape, c), through(v.segments, v.shape, c), size)
	s.scaleBar(img, world, v.unit)
	return s.sheet("volara", v.remark(), []panel{{img, "segments over raw", ""}})
}

// remark describes the volume.
func (v *view) remark() string {
	times := func(values []string) string { return strings.Join(values, " × ") }
	var shape, voxel []string
	for d, n := range v.whole {
		shape = append(shape, fmt.Sprint(n))
		voxel = append(voxel, fmt.Sprint(v.voxel[3-v.dims+d]))
	}
	return fmt.Sprintf("%s voxels of %s %s", times(shape), times(voxel), v.unit)
}

// counted says how many ids there are.
func counted(ids []uint64) string {
	seen := map[uint64]struct{}{}
	for _, id := range ids {
		if id != 0 {
			seen[id] = struct{}{}
		}
	}
	return fmt.Sprintf("%d in this plane", len(seen))
}
