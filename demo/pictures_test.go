package demo

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// Four quarters of one id each, one of them background.
func quarters(n int) plane[uint64] {
	p := plane[uint64]{make([]uint64, n*n), n, n}
	for i := range p.values {
		p.values[i] = uint64(i/n/(n/2)*2 + i%n/(n/2))
	}
	return p
}

func TestLabelPanel(t *testing.T) {
	img := labelPanel(quarters(8), image.Pt(160, 80))
	if img.Rect.Size() != image.Pt(160, 80) {
		t.Fatalf("size %v", img.Rect.Size())
	}
	for id, at := range []image.Point{{40, 20}, {120, 20}, {40, 60}, {120, 60}} {
		if got := img.RGBAAt(at.X, at.Y); got != Colour(uint64(id)) {
			t.Errorf("id %d is %v, want %v", id, got, Colour(uint64(id)))
		}
	}
	// Between two ids runs a dark line, a few pixels wide.
	dark := 0
	for x := 60; x < 100; x++ {
		if c := img.RGBAAt(x, 60); int(c.R)+int(c.G)+int(c.B) < 120 {
			dark++
		}
	}
	if dark < 1 || dark > 4 {
		t.Errorf("the outline is %d pixels wide", dark)
	}
}

func TestOverlayPanel(t *testing.T) {
	raw := plane[uint8]{slices.Repeat([]uint8{200}, 64), 8, 8}
	img := overlayPanel(raw, quarters(8), image.Pt(80, 80))
	if got := img.RGBAAt(20, 20); got != (color.RGBA{200, 200, 200, 255}) {
		t.Errorf("background over grey 200 is %v", got)
	}
	if got := img.RGBAAt(60, 60); got.R == got.G && got.G == got.B {
		t.Errorf("an id over grey 200 is grey: %v", got)
	}
}

func TestAffinityPanel(t *testing.T) {
	flat := func(v uint8) plane[uint8] { return plane[uint8]{slices.Repeat([]uint8{v}, 12), 3, 4} }
	img := affinityPanel([]plane[uint8]{flat(10), flat(100), flat(250)}, image.Pt(40, 30))
	if got := img.RGBAAt(20, 15); got != (color.RGBA{10, 100, 250, 255}) {
		t.Errorf("three channels: %v", got)
	}
	img = affinityPanel([]plane[uint8]{flat(10), flat(100)}, image.Pt(40, 30))
	if got := img.RGBAAt(20, 15); got != (color.RGBA{10, 100, 100, 255}) {
		t.Errorf("two channels: %v", got)
	}
}

func TestThrough(t *testing.T) {
	values := make([]int, 2*3*4)
	for i := range values {
		values[i] = i
	}
	for _, c := range []struct {
		cut
		height, width int
		want          []int
	}{
		{cut{0, 1}, 3, 4, []int{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}},
		{cut{1, 2}, 2, 4, []int{8, 9, 10, 11, 20, 21, 22, 23}},
		{cut{2, 0}, 2, 3, []int{0, 4, 8, 12, 16, 20}},
	} {
		p := through(values, [3]int{2, 3, 4}, c.cut)
		if p.height != c.height || p.width != c.width || !slices.Equal(p.values, c.want) {
			t.Errorf("cut %v: %d × %d %v", c.cut, p.height, p.width, p.values)
		}
	}
}

// A picture has the world's proportions, not the voxels'.
func TestPixels(t *testing.T) {
	f, err := newFrame([]int{100, 200, 250}, geometry.Coordinate{40, 20, 16})
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range map[cut]image.Point{{0, 0}: {512, 512}, {1, 0}: {512, 512}, {2, 0}: {512, 512}} {
		if size, world := f.pixels(c, 512); size != want || world != 4000.0/512 {
			t.Errorf("cut %v: %v pixels of %v", c, size, world)
		}
	}
}

// A ball in the middle: rays meet it where geometry says, and its surface faces outward.
func TestSolid(t *testing.T) {
	f, err := newFrame([]int{40, 80, 80}, geometry.Coordinate{20, 10, 10})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]uint64, f.size())
	centre := f.extent().scale(0.5)
	for i := range ids {
		if f.centre(i/6400, i/80%80, i%80).towards(centre) < 250 {
			ids[i] = 9
		}
	}
	m := newSolid(f, ids, map[uint64]bool{9: true})
	c := newCamera(f, 300)
	for _, by := range []float64{0, 60, 150, 220, 300} {
		r := c.ray(float64(c.size.X)/2+by/c.world, float64(c.size.Y)/2)
		near, far, ok := c.within(r)
		if !ok {
			t.Fatalf("a ray %v beside the middle misses the volume", by)
		}
		at, hit := m.first(r, near, far)
		if hit != (by < 250) {
			t.Fatalf("a ray %v beside the middle: hit is %v", by, hit)
		}
		if !hit {
			continue
		}
		p := r.at(at)
		if d := p.towards(centre); math.Abs(d-250) > 15 {
			t.Errorf("a ray %v beside the middle meets the ball %v from its centre, want 250", by, d)
		}
		if facing := m.normal(p).dot(p.sub(centre).unit()); facing < 0.95 {
			t.Errorf("a ray %v beside the middle: the normal is off by %v", by, math.Acos(facing))
		}
		if id := m.id(p, m.normal(p)); id != 9 {
			t.Errorf("a ray %v beside the middle meets id %d", by, id)
		}
	}
}

// segmented writes a small volume and takes its labels for fragments and segments.
func segmented(t *testing.T, shape ...int) Files {
	t.Helper()
	files, err := Write(t.Context(), t.TempDir(), Options{
		Shape: shape, Voxel: nanometres[3-len(shape):], Offset: geometry.Fill(len(shape), 0), Seed: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := Labels(shape, nanometres[3-len(shape):], 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{files.Fragments, files.Segments} {
		a, err := zarr.Create(t.Context(), path, zarr.Spec{Shape: shape, Chunks: shape, DType: nd.Uint64})
		if err != nil {
			t.Fatal(err)
		}
		ids := labels.As(nd.Uint64)
		if err := a.Write(t.Context(), make([]int, len(shape)), ids); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestPictures(t *testing.T) {
	for _, c := range []struct {
		shape  []int
		panels image.Point
		names  []string
	}{
		{[]int{20, 50, 50}, image.Pt(4*100+3*gap+2*margin, 2*margin+heading+caption+100+gap+caption+100), []string{"panels.png", "overlay.png", "neurites.png"}},
		{[]int{60, 80}, image.Pt(4*100+3*gap+2*margin, 2*margin+heading+caption+75), []string{"panels.png", "overlay.png"}},
		{[]int{1, 1, 1}, image.Pt(0, 0), []string{"panels.png", "overlay.png", "neurites.png"}},
	} {
		dir := filepath.Join(t.TempDir(), "pictures")
		paths, err := drawAll(t.Context(), segmented(t, c.shape...), dir, widths{100, 120, 140})
		if err != nil {
			t.Fatal(c.shape, err)
		}
		var names []string
		for _, path := range paths {
			names = append(names, filepath.Base(path))
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(path, err)
			}
			if c.panels != (image.Point{}) && names[len(names)-1] == "panels.png" && img.Bounds().Size() != c.panels {
				t.Errorf("shape %v: panels.png is %v, want %v", c.shape, img.Bounds().Size(), c.panels)
			}
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("shape %v: %v, want %v", c.shape, names, c.names)
		}
	}
}

func TestPicturesWithoutSegments(t *testing.T) {
	files := segmented(t, 10, 20, 20)
	if err := os.RemoveAll(files.Segments); err != nil {
		t.Fatal(err)
	}
	if _, err := Pictures(t.Context(), files, t.TempDir()); err == nil {
		t.Error("no error")
	}
}
