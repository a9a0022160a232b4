package picture

import (
	"context"
	"image"
	"image/color"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

func stored(t interface{ Fatal(...any) }, values *nd.Array, attributes map[string]any) *volume.Array {
	chunks := slices.Repeat([]int{3}, len(values.Shape()))
	spec := zarr.Spec{Shape: values.Shape(), Chunks: chunks, DType: values.DType(), Attributes: attributes}
	a, err := zarr.CreateStore(context.Background(), store.NewMemory(), "", spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(context.Background(), make([]int, len(chunks)), values); err != nil {
		t.Fatal(err)
	}
	seen, err := volume.See(context.Background(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// counting holds 0, 1, 2, … in C order.
func counting(shape ...int) *nd.Array {
	values := make([]uint8, nd.Len(shape))
	for i := range values {
		values[i] = uint8(i)
	}
	return nd.From(values, shape...)
}

func TestEveryPlaneOfACube(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := []int{rapid.IntRange(1, 5).Draw(t, "z"), rapid.IntRange(1, 5).Draw(t, "y"), rapid.IntRange(1, 5).Draw(t, "x")}
		a := stored(t, counting(shape...), nil)
		axis := rapid.IntRange(0, 2).Draw(t, "axis")
		at := rapid.IntRange(0, shape[axis]-1).Draw(t, "at")
		zoom := rapid.IntRange(1, 3).Draw(t, "zoom")
		p, err := Slice(context.Background(), a, Options{Axis: []string{"d0", "1", "d2"}[axis], At: &at, Zoom: float64(zoom)})
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.Delete([]int{0, 1, 2}, axis, axis+1)
		if want := image.Pt(shape[shown[1]]*zoom, shape[shown[0]]*zoom); p.Image.Rect.Max != want {
			t.Fatalf("%v pixels, want %v", p.Image.Rect.Max, want)
		}
		for y := range p.Image.Rect.Max.Y {
			for x := range p.Image.Rect.Max.X {
				voxel := []int{0, 0, 0}
				voxel[axis], voxel[shown[0]], voxel[shown[1]] = at, y/zoom, x/zoom
				grey := uint8((voxel[0]*shape[1]+voxel[1])*shape[2] + voxel[2])
				if got := p.Image.RGBAAt(x, y); got != (color.RGBA{grey, grey, grey, 255}) {
					t.Fatalf("voxel %v is %v, want %d", voxel, got, grey)
				}
			}
		}
	})
}

func TestVoxelsKeepTheirShape(t *testing.T) {
	a := stored(t, counting(4, 3, 5), map[string]any{"voxel_size": []float64{40, 8, 4}, "offset": []float64{100, 0, 16}})
	for _, c := range []struct {
		axis   string
		zoom   float64
		square bool
		want   image.Point
	}{
		{"d0", 1, false, image.Pt(5, 6)},
		{"d1", 1, false, image.Pt(5, 40)},
		{"d2", 1, false, image.Pt(3, 20)},
		{"d1", 0.5, false, image.Pt(3, 20)},
		{"d1", 2, true, image.Pt(10, 8)},
		{"d2", 0.01, false, image.Pt(1, 1)},
	} {
		p, err := Slice(context.Background(), a, Options{Axis: c.axis, Zoom: c.zoom, Voxels: c.square})
		if err != nil || p.Image.Rect.Max != c.want {
			t.Errorf("%+v: %v, %v", c, p.Image.Rect.Max, err)
		}
	}
}

func TestFrames(t *testing.T) {
	a := stored(t, counting(4, 3, 5), map[string]any{"voxel_size": []float64{40, 8, 4}, "offset": []float64{100, 0, 16}})
	world := 145.0
	p, err := Slice(context.Background(), a, Options{World: &world, Region: volume.Region{Voxels: []volume.Span{{Begin: 0, End: 4}, {Begin: 1, End: 3}, {Begin: 0, End: 5}}}})
	if err != nil || p.Frame.Box.Offset[0] != 1 {
		t.Fatal(p.Frame.Box, err)
	}
	for _, c := range []struct {
		begin, end []float64
		want       image.Rectangle
		ok         bool
	}{
		{[]float64{140, 8, 16}, []float64{180, 16, 24}, image.Rect(0, 0, 2, 2), true},
		{[]float64{0, 16, 20}, []float64{999, 24, 36}, image.Rect(1, 2, 5, 4), true},
		{[]float64{0, -8, 0}, []float64{999, 32, 99}, image.Rect(-4, -4, 21, 6), true},
		{[]float64{180, 8, 16}, []float64{220, 16, 24}, image.Rectangle{}, false},
		{[]float64{140, 0, 16}, []float64{180, 8, 24}, image.Rectangle{}, false},
	} {
		if got, ok := p.Frame.Rect(c.begin, c.end); ok != c.ok || ok && got != c.want {
			t.Errorf("%v to %v: %v %v, want %v", c.begin, c.end, got, ok, c.want)
		}
	}
}

func TestLabelsHaveTheirColours(t *testing.T) {
	a := stored(t, nd.From([]uint64{0, 7, 7, math.MaxUint64}, 2, 2), nil)
	p, err := Slice(context.Background(), a, Options{})
	if err != nil || p.Style != Labels {
		t.Fatal(err)
	}
	for i, id := range []uint64{0, 7, 7, math.MaxUint64} {
		if got := p.Image.RGBAAt(i%2, i/2); got != Colour(id) {
			t.Errorf("%d is %v", id, got)
		}
	}
}

func TestChannels(t *testing.T) {
	data := nd.From([]uint8{10, 20, 30, 40, 50, 60, 70, 80}, 4, 1, 2)
	a := stored(t, data, map[string]any{"axis_names": []string{"c^", "y", "x"}})
	shut := false
	omero := &ngff.Omero{Channels: []ngff.Channel{{Color: "FF0000"}, {Color: "00FF00", Active: &shut}, {Color: "0000FF"},
		{Color: "FFFFFF", Window: &ngff.Window{Start: 70, End: 80}}}}
	for _, c := range []struct {
		o    Options
		want [2]color.RGBA
	}{
		{Options{}, [2]color.RGBA{{10, 30, 50, 255}, {20, 40, 60, 255}}},
		{Options{Channels: []int{3, 0}}, [2]color.RGBA{{70, 10, 0, 255}, {80, 20, 0, 255}}},
		{Options{Channels: []int{1}}, [2]color.RGBA{{30, 30, 30, 255}, {40, 40, 40, 255}}},
		{Options{Style: Grey}, [2]color.RGBA{{10, 10, 10, 255}, {20, 20, 20, 255}}},
		{Options{Style: Labels, Channels: []int{2}}, [2]color.RGBA{Colour(50), Colour(60)}},
		{Options{Region: volume.Region{Voxels: []volume.Span{{Begin: 1, End: 2}, {Begin: 0, End: 1}, {Begin: 0, End: 2}}}}, [2]color.RGBA{{30, 30, 30, 255}, {40, 40, 40, 255}}},
		{Options{Omero: omero}, [2]color.RGBA{{10, 0, 50, 255}, {255, 255, 255, 255}}},
		{Options{Omero: &ngff.Omero{Channels: []ngff.Channel{{Color: "00FF00", Active: &shut}, {Active: &shut}, {Active: &shut}, {Active: &shut}}}},
			[2]color.RGBA{{0, 10, 0, 255}, {0, 20, 0, 255}}},
		{Options{Channels: []int{0}, Omero: &ngff.Omero{Channels: []ngff.Channel{{Inverted: true, Window: &ngff.Window{Start: 10, End: 20}}}}},
			[2]color.RGBA{{255, 255, 255, 255}, {0, 0, 0, 255}}},
		{Options{Channels: []int{0}, Omero: &ngff.Omero{Channels: []ngff.Channel{{Inverted: true}}}}, [2]color.RGBA{{245, 245, 245, 255}, {235, 235, 235, 255}}},
		{Options{Channels: []int{0}, Window: &Window{10, 20}}, [2]color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}}},
		{Options{Channels: []int{0}, Window: &Window{math.NaN(), 30}}, [2]color.RGBA{{0, 0, 0, 255}, {128, 128, 128, 255}}},
		{Options{Channels: []int{0}, Percentiles: &[2]float64{0, 50}}, [2]color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}}},
		{Options{Channels: []int{0}, Window: &Window{20, 10}}, [2]color.RGBA{{255, 255, 255, 255}, {0, 0, 0, 255}}},
	} {
		p, err := Slice(context.Background(), a, c.o)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := [2]color.RGBA{p.Image.RGBAAt(0, 0), p.Image.RGBAAt(1, 0)}; got != c.want {
			t.Errorf("%+v: %v, want %v", c.o, got, c.want)
		}
	}
}

func TestNumbersOfEveryType(t *testing.T) {
	for _, dtype := range nd.DTypes() {
		a := nd.New(dtype, 1, 2)
		a.Bytes()[dtype.Size()] = 1 // the second element is small and not 0
		if dtype == nd.Float16 {
			nd.Values[uint16](a)[1] = 0x3c00
		}
		if got := numbers(a); len(got) != 2 || got[0] != 0 || !(got[1] > 0) {
			t.Errorf("%v: %v", dtype, got)
		}
		for _, style := range []Style{Auto, Labels} {
			_, err := Slice(context.Background(), stored(t, a, nil), Options{Style: style})
			if refused := style == Labels && !dtype.IsInteger() && dtype != nd.Bool; (err != nil) != refused {
				t.Errorf("%v as %s: %v", dtype, style, err)
			}
		}
	}
	signed := nd.From([]int16{-1, 3}, 2)
	if got := ids(signed); got[0] != math.MaxUint64 || got[1] != 3 {
		t.Errorf("ids of −1 and 3 are %v", got)
	}
}

func TestShades(t *testing.T) {
	for _, c := range []struct {
		w    Window
		v    float64
		want uint8
	}{
		{Window{0, 255}, 77, 77}, {Window{0, 255}, -3, 0}, {Window{0, 255}, 999, 255}, {Window{0, 255}, math.NaN(), 0},
		{Window{0, 255}, math.Inf(1), 255}, {Window{-math.MaxFloat64, math.MaxFloat64}, 0, 128}, {Window{5, 5}, 5, 255}, {Window{5, 5}, 4, 0},
	} {
		if got := c.w.shade(c.v); got != c.want {
			t.Errorf("%v in %v is %d, want %d", c.v, c.w, got, c.want)
		}
	}
}

// empty returns an array of which nothing is stored.
func empty(t *testing.T, shape, chunks []int) *volume.Array {
	t.Helper()
	a, err := zarr.CreateStore(context.Background(), store.NewMemory(), "", zarr.Spec{Shape: shape, Chunks: chunks, DType: nd.Uint16, Fill: zarr.FillOf(uint16(7))})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := volume.See(context.Background(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// TestHugePlanes draws planes whose voxels are more than can be counted in bytes: those that a pixel leaves out are not read.
func TestHugePlanes(t *testing.T) {
	a := empty(t, []int{1, 1 << 31, 1 << 30}, []int{1, 1 << 10, 1 << 19})
	p, err := Slice(context.Background(), a, Options{Zoom: 1e-7, Memory: 64 << 20})
	if err != nil || p.Image.Rect.Max != image.Pt(107, 215) {
		t.Fatal(p, err)
	}
	if got := p.Image.RGBAAt(3, 3); got != (color.RGBA{255, 255, 255, 255}) || p.Windows[0] != (Window{7, 7}) {
		t.Errorf("%v in %v", got, p.Windows[0])
	}
}

// TestLeftOutVoxels compares with a plane that is read whole: pixels show the voxels at their centres.
func TestLeftOutVoxels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := []int{rapid.IntRange(1, 40).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "columns")}
		every := rapid.IntRange(1, 9).Draw(t, "every")
		a := stored(t, counting(shape...), nil)
		p, err := Slice(context.Background(), a, Options{Zoom: 1 / float64(every)})
		if err != nil {
			t.Fatal(err)
		}
		for y := range shape[0] / every {
			for x := range shape[1] / every {
				want := uint8((y*every+every/2)*shape[1] + x*every + every/2)
				if shape[0]%every == 0 && shape[1]%every == 0 && p.Image.RGBAAt(x, y).R != want {
					t.Fatalf("every %d of %v: pixel %d,%d is %d, want %d", every, shape, x, y, p.Image.RGBAAt(x, y).R, want)
				}
			}
		}
	})
}

// TestChunksKeepWithinTheMemory draws a small part of a chunk that is larger than the memory.
func TestChunksKeepWithinTheMemory(t *testing.T) {
	values := nd.New(nd.Uint16, 4, 1024, 1024)
	nd.Values[uint16](values)[0] = 1
	s, err := zarr.CreateStore(context.Background(), store.NewMemory(), "", zarr.Spec{Shape: values.Shape(), Chunks: values.Shape(), DType: nd.Uint16})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), []int{0, 0, 0}, values); err != nil {
		t.Fatal(err)
	}
	a, err := volume.See(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Region: volume.Region{Voxels: []volume.Span{{Begin: 1, End: 3}, {Begin: 0, End: 4}, {Begin: 0, End: 4}}}, Memory: 4 << 20}
	if _, err := Slice(context.Background(), a, o); !volume.IsInput(err) || !strings.Contains(err.Error(), "--memory") {
		t.Errorf("within 4 MiB: %v", err)
	}
	o.Memory = 32 << 20
	if _, err := Slice(context.Background(), a, o); err != nil {
		t.Error(err)
	}
}

// TestWorldOnFaces asks for positions on faces of voxels, which floating point seldom hits.
func TestWorldOnFaces(t *testing.T) {
	a := stored(t, counting(9, 2, 2), map[string]any{"voxel_size": []float64{0.1, 0.1, 0.1}})
	for voxel := range 9 {
		for _, world := range []float64{float64(voxel) / 10, float64(voxel) * 0.1, float64(voxel)*0.1 + 0.09} {
			p, err := Slice(context.Background(), a, Options{World: &world})
			if err != nil || p.Frame.Box.Offset[0] != voxel {
				t.Errorf("%v: %v, want voxel %d (%v)", world, p, voxel, err)
			}
		}
	}
}

// TestProducts compares with numbers of any size.
func TestProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := big.NewInt(1)
		list := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, math.MaxInt)), 0, 4).Draw(t, "numbers")
		for _, n := range list {
			want.Mul(want, big.NewInt(int64(n)))
			if !want.IsInt64() {
				want.SetInt64(math.MaxInt64)
				break
			}
		}
		if got := product(list...); got != want.Int64() {
			t.Fatalf("%v: %d, want %v", list, got, want)
		}
	})
}

func TestWhatCannotBeDrawn(t *testing.T) {
	cube := stored(t, counting(4, 3, 5), nil)
	line := stored(t, counting(4), nil)
	flat := stored(t, counting(4, 3), nil)
	none := stored(t, counting(0, 3, 3), nil)
	huge := empty(t, []int{1, 1 << 31, 1 << 30}, []int{1, 1 << 20, 1 << 8})
	nine, far := 9, 99.0
	for _, c := range []struct {
		a    *volume.Array
		o    Options
		want string
	}{
		{line, Options{}, "needs two axes"},
		{none, Options{}, "nothing to see"},
		{flat, Options{Axis: "d0"}, "nothing is left to choose"},
		{cube, Options{Axis: "q"}, "no axis of space or time is called q"},
		{cube, Options{Axis: "7"}, "no axis of space or time is called 7"},
		{cube, Options{At: &nine}, "voxel 9 along d0: 0 to 3 are possible"},
		{cube, Options{World: &far}, "position 99 along d0: from 0 up to 4 is shown"},
		{cube, Options{Channels: []int{1}}, "channel 1: "},
		{cube, Options{Channels: []int{-1}}, "channel -1: "},
		{cube, Options{Channels: []int{0, 0}, Style: Grey}, "as grey only one is shown"},
		{cube, Options{Channels: []int{0, 0, 0, 0}}, "at most three"},
		{cube, Options{Memory: 10}, "takes 1 MiB; show a part with --roi or --voxels, choose a smaller --zoom, or"},
		{huge, Options{}, "a picture of"},
		{huge, Options{Zoom: 3e-6, Memory: 1 << 20}, "the plane of 644"},
		{cube, Options{Zoom: 1e6}, "too large"},
		{cube, Options{Region: volume.Region{Voxels: []volume.Span{{Begin: 0, End: 9}, {Begin: 0, End: 1}, {Begin: 0, End: 1}}}}, "has 4 there"},
	} {
		_, err := Slice(context.Background(), c.a, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !volume.IsInput(err) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}
