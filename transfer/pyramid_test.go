package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/kernels"
	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
)

// TestPyramid makes images of random arrays and compares every level with what the kernel makes of the whole level before.
func TestPyramid(t *testing.T) {
	root, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		src, dst := filepath.Join(root, fmt.Sprint(runs, ".zarr")), filepath.Join(root, fmt.Sprint(runs, ".ome.zarr"))
		defer os.RemoveAll(src)
		defer os.RemoveAll(dst)
		spec, o := drawPyramid(rt)
		values := random(rapid.Uint64().Draw(rt, "seed"), spec.DType, spec.Shape)
		if spec.DType.IsFloat() {
			for i := range values.Len() { // no NaN, of which there are many
				values.Bytes()[(i+1)*spec.DType.Size()-1] &= 0x3f
			}
		}
		write(rt, src, spec, values, make([]int, len(spec.Shape)))
		err := cp(src, dst, o)
		if err != nil && strings.Contains(err.Error(), "allow that with --memory") {
			rt.Skip("a shard of many axes is large")
		}
		if err != nil {
			rt.Fatal(err)
		}
		valid(t, dst, map[int]string{0: "0.5", 2: "0.4", 3: "0.5"}[o.Format])
		checkLevels(rt, dst, values, o.Pyramid.Method)
	})
}

// drawPyramid draws an array with axes as OME-NGFF has them, and how an image is made of it.
func drawPyramid(t *rapid.T) (zarr.Spec, Options) {
	spec := zarr.Spec{DType: rapid.SampledFrom(nd.DTypes()).Draw(t, "type"), Codec: rapid.SampledFrom([]string{"raw", "zstd"}).Draw(t, "codec")}
	types, names := []string{"space", "space"}, []string{"y", "x"}
	if rapid.Bool().Draw(t, "z") {
		types, names = append([]string{"space"}, types...), append([]string{"z"}, names...)
	}
	voxel := []float64{}
	for range types {
		voxel = append(voxel, rapid.SampledFrom([]float64{1, 4, 4, 30.5, 40}).Draw(t, "voxel size"))
	}
	if rapid.Bool().Draw(t, "c") {
		types, names = append([]string{"channel"}, types...), append([]string{"c"}, names...)
	}
	if rapid.Bool().Draw(t, "t") {
		types, names, voxel = append([]string{"time"}, types...), append([]string{"t"}, names...), append([]float64{2}, voxel...)
	}
	for _, kind := range types {
		most := 3
		if kind == "space" {
			most = 30 / len(types)
		}
		spec.Shape = append(spec.Shape, rapid.IntRange(1, most).Draw(t, "length"))
		spec.Chunks = append(spec.Chunks, rapid.IntRange(3, 9).Draw(t, "chunk"))
	}
	spec.Attributes = map[string]any{"voxel_size": voxel, "types": types, "axis_names": names}
	o := Options{Format: rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "format"), Pyramid: &Pyramid{Method: kernels.DownsampleMean}}
	if rapid.Bool().Draw(t, "shards") && o.Format != 2 {
		for _, n := range spec.Chunks {
			spec.Shards = append(spec.Shards, n*rapid.IntRange(1, 3).Draw(t, "chunks in a shard"))
		}
	}
	for {
		o.Pyramid.Method = rapid.SampledFrom(kernels.Downsamplings()).Draw(t, "method")
		if o.Pyramid.Method.Takes(spec.DType) {
			break
		}
	}
	o.Limits = volume.Limits{Workers: rapid.IntRange(1, 3).Draw(t, "workers"), Memory: int64(rapid.SampledFrom([]int{1 << 20, 1 << 25}).Draw(t, "memory"))}
	if rapid.Bool().Draw(t, "factors") {
		space := len(types) - slices.Index(types, "space")
		for range space {
			o.Pyramid.Factor = append(o.Pyramid.Factor, rapid.IntRange(2, 5).Draw(t, "factor"))
		}
	}
	return spec, o
}

// checkLevels compares the levels of an image, and where they are, with those made of the whole of the first.
func checkLevels(t tb, dst string, level *nd.Array, m kernels.Downsampling) {
	t.Helper()
	g, err := zarr.ReadGroup(context.Background(), dst)
	if err != nil {
		t.Fatal(err)
	}
	image, err := g.Image()
	if err != nil {
		t.Fatal(err)
	}
	levels, err := image.Levels()
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range levels {
		a := open(t, filepath.Join(dst, l.Path))
		if i > 0 {
			factor := ratio(levels[i-1].Scale, l.Scale)
			coarse := nd.New(level.DType(), kernels.CoarserShape(level.Shape(), factor)...)
			kernels.Downsample(coarse, level, factor, m)
			level = coarse
			if _, at := ngff.Coarser(levels[i-1].Scale, levels[i-1].Translation, factor, ngff.Method(m)); fmt.Sprint(at) != fmt.Sprint(l.Translation) {
				t.Fatalf("level %d is at %v, want %v", i, l.Translation, at)
			}
		}
		sameVoxels(t, contents(t, a), level)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	last := open(t, filepath.Join(dst, levels[len(levels)-1].Path))
	defer last.Close()
	for d, n := range last.Shape() {
		if n > last.Metadata().Inner[d] && image.Axes[d].Type == "space" {
			t.Fatalf("the last level, of %v, is more than a chunk of %v", last.Shape(), last.Metadata().Inner)
		}
	}
}

// TestSteps holds by how much levels become coarser.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		shape, chunks, factor []int
		size                  []float64
		levels                int
		want                  string
	}{
		{[]int{100, 1000, 1000}, []int{64, 64, 64}, nil, []float64{40, 4, 4}, 0, "[[1 2 2] [1 2 2] [1 2 2] [2 2 2]]"},
		{[]int{100, 1000, 1000}, []int{64, 64, 64}, nil, []float64{30, 4, 4}, 4, "[[1 2 2] [1 2 2] [1 2 2]]"},
		{[]int{100, 1000, 1000}, []int{64, 64, 64}, nil, []float64{20, 4, 4}, 4, "[[1 2 2] [1 2 2] [2 2 2]]"},
		{[]int{1, 100, 100}, []int{1, 32, 32}, nil, []float64{1, 8, 8}, 0, "[[1 2 2] [1 2 2]]"},
		{[]int{64, 64, 64}, []int{64, 64, 64}, nil, []float64{4, 4, 4}, 0, "[]"},
		{[]int{64, 64, 64}, []int{64, 64, 64}, nil, []float64{4, 4, 4}, 3, "[[2 2 2] [2 2 2]]"},
		{[]int{500, 90, 90}, []int{64, 64, 64}, []int{1, 3, 3}, []float64{4, 4, 4}, 0, "[[1 3 3]]"},
		{[]int{5, 9, 90}, []int{4, 4, 4}, []int{2, 3, 3}, []float64{4, 4, 4}, 5, "[[2 3 3] [2 3 3] [2 1 3] [1 1 3]]"},
		{[]int{5, 9, 90}, []int{4, 4, 4}, []int{2, 3}, []float64{4, 4, 4}, 0, "--factor [2 3]: a number for each of the 3 axes of space"},
		{[]int{5, 9, 90}, []int{4, 4, 4}, []int{1, 1, 1}, []float64{4, 4, 4}, 0, "makes nothing coarser"},
		{[]int{5, 9, 90}, []int{4, 4, 4}, []int{0, 1, 1}, []float64{4, 4, 4}, 0, "from 1 to 1024"},
		{[]int{2, 2, 2}, []int{4, 4, 4}, nil, []float64{4, 4, 4}, 3, "--levels 3: after 2 the shape is [1 1 1], of which nothing is left"},
	} {
		p := &pyramid{Pyramid: Pyramid{Levels: c.levels, Factor: c.factor}}
		for _, name := range []string{"z", "y", "x"} {
			p.image.Axes = append(p.image.Axes, ngff.Axis{Name: name, Type: "space"})
		}
		p.image.Levels = []ngff.Level{{Scale: c.size}}
		steps, err := p.steps(zarr.Spec{Shape: c.shape, Chunks: c.chunks})
		if got := fmt.Sprint(steps, err); !strings.Contains(got, c.want) || (err == nil) != strings.HasPrefix(c.want, "[") {
			t.Errorf("%v of %v, chunks %v, factor %v, %d levels: %s, want %s", c.shape, c.size, c.chunks, c.factor, c.levels, got, c.want)
		}
	}
}

// TestPyramidUnits compares voxel sizes in the same unit.
func TestPyramidUnits(t *testing.T) {
	p := &pyramid{Pyramid: Pyramid{Levels: 2}}
	p.image.Axes = []ngff.Axis{{Name: "y", Type: "space", Unit: "micrometer"}, {Name: "x", Type: "space", Unit: "nanometer"}}
	p.image.Levels = []ngff.Level{{Scale: []float64{0.004, 4}}}
	if steps, err := p.steps(zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}}); fmt.Sprint(steps, err) != "[[2 2]] <nil>" {
		t.Errorf("%v, %v", steps, err)
	}
}

// grey writes an array of which the least and the greatest value are known.
func grey(t *testing.T, path string) *nd.Array {
	t.Helper()
	shape := []int{40, 36, 33}
	values := nd.New(nd.Uint16, shape...)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range nd.Values[uint16](values) {
		nd.Values[uint16](values)[i] = 100 + uint16(r.IntN(1000))
	}
	nd.Values[uint16](values)[0], nd.Values[uint16](values)[values.Len()-1] = 7, 5000
	write(t, path, zarr.Spec{Shape: shape, Chunks: []int{8, 8, 8}, DType: nd.Uint16, Attributes: map[string]any{"voxel_size": []int{4, 4, 4}}}, values, []int{0, 0, 0})
	return values
}

// TestPyramidStopped stops it again and again: it comes to its end, and the window is that of all voxels.
func TestPyramidStopped(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "a.zarr"), filepath.Join(dir, "b.zarr")
	values := grey(t, src)
	o := Options{Pyramid: &Pyramid{}, Limits: volume.Limits{Workers: 2, Memory: 1 << 15}}
	stops := 0
	for limit := int64(1); ; limit += 3 {
		ctx, cancel := context.WithCancel(context.Background())
		c, err := Plan(ctx, src, dst, o)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { // after so many pieces more
			defer cancel()
			for {
				var made int64
				for _, p := range c.Progress() {
					made += p.Done - p.Skipped
				}
				select {
				case <-ended:
					return
				default:
				}
				if made >= limit {
					return
				}
			}
		}()
		err = c.Run(ctx)
		close(ended)
		if err := errors.Join(c.Close()); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err == nil {
			break
		}
		stops++
	}
	t.Log("stopped", stops, "times")
	valid(t, dst, "0.5")
	checkLevels(t, dst, values, kernels.DownsampleMean)
	g, err := zarr.ReadGroup(context.Background(), dst)
	if err != nil {
		t.Fatal(err)
	}
	if omero, err := g.Omero(); err != nil || *omero.Channels[0].Window != (ngff.Window{Min: 7, Max: 5000, Start: 7, End: 5000}) {
		t.Errorf("%v, %v", omero, err)
	}
}

// TestPyramidLabels adds two label images to an image.
func TestPyramidLabels(t *testing.T) {
	for format, version := range map[int]string{2: "0.4", 3: "0.5"} {
		dir := t.TempDir()
		raw, seg, dst := filepath.Join(dir, "raw.zarr"), filepath.Join(dir, "seg.zarr"), filepath.Join(dir, "em.ome.zarr")
		grey(t, raw)
		labels := random(5, nd.Uint64, []int{40, 36, 33})
		write(t, seg, zarr.Spec{Shape: labels.Shape(), Chunks: []int{16, 16, 16}, DType: nd.Uint64, Attributes: map[string]any{"voxel_size": []int{4, 4, 4}}}, labels, []int{0, 0, 0})
		if err := cp(raw, dst, Options{Format: format, Pyramid: &Pyramid{Levels: 3}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", "other"} {
			if err := cp(seg, dst, Options{Pyramid: &Pyramid{Labels: true, Name: name}}); err != nil {
				t.Fatal(err)
			}
		}
		valid(t, dst, version)
		g, err := zarr.ReadGroup(context.Background(), filepath.Join(dst, "labels"))
		if err != nil {
			t.Fatal(err)
		}
		if names, err := g.Labels(); err != nil || !slices.Equal(names, []string{"seg", "other"}) {
			t.Fatalf("%q, %v", names, err)
		}
		for i := range 3 {
			a := open(t, filepath.Join(dst, "labels", "other", strconv.Itoa(i)))
			if want := kernels.CoarserShape([]int{40, 36, 33}, slices.Repeat([]int{1 << i}, 3)); !slices.Equal(a.Shape(), want) {
				t.Errorf("level %d is %v, want %v", i, a.Shape(), want)
			}
		}
		// From label image to label image, and refused where the number of levels would differ.
		if err := cp(filepath.Join(dst, "labels", "seg"), dst, Options{Pyramid: &Pyramid{Labels: true, Name: "third", Levels: 2}}); err == nil {
			t.Error("another number of levels is taken")
		}
		if err := cp(filepath.Join(dst, "labels", "seg"), dst, Options{Pyramid: &Pyramid{Labels: true, Name: "third"}}); err != nil {
			t.Error(err)
		}
	}
}

// TestPyramidKeepsOmero takes over how the channels of an image are displayed.
func TestPyramidKeepsOmero(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "a.ome.zarr"), filepath.Join(dir, "b.ome.zarr")
	image(t, src)
	if err := cp(src, dst, Options{Pyramid: &Pyramid{Levels: 2}, Region: volume.Region{Voxels: []volume.Span{{Begin: 1, End: 2}, {Begin: 3, End: 14}, {Begin: 0, End: 16}}}}); err != nil {
		t.Fatal(err)
	}
	valid(t, dst, "0.5")
	g, err := zarr.ReadGroup(context.Background(), dst)
	if err != nil {
		t.Fatal(err)
	}
	if omero, err := g.Omero(); err != nil || len(omero.Channels) != 1 || omero.Channels[0].Color != "00FF00" || omero.Channels[0].Window.End != 1 {
		t.Errorf("%v, %v", omero, err)
	}
	m, err := g.Image()
	if err != nil {
		t.Fatal(err)
	}
	if l, err := m.Level(1); err != nil || fmt.Sprint(l.Scale, l.Translation) != "[1 4 4] [0 12 1]" {
		t.Errorf("%v, %v", l, err) // x is twice as short as y
	}
}

// TestPyramidRefuses lists what cannot become an image.
func TestPyramidRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	image(t, at("image"))
	grey(t, at("grey"))
	write(t, at("line"), zarr.Spec{Shape: []int{5}, Chunks: []int{5}, DType: nd.Uint8}, nil, nil)
	write(t, at("complex"), zarr.Spec{Shape: []int{5, 5}, Chunks: []int{5, 5}, DType: nd.Complex64}, nil, nil)
	write(t, at("last"), zarr.Spec{Shape: []int{5, 5, 3}, Chunks: []int{5, 5, 3}, DType: nd.Uint8, Attributes: map[string]any{"axis_names": []string{"y", "x", "c^"}}}, nil, nil)
	write(t, at("float"), zarr.Spec{Shape: []int{5, 5}, Chunks: []int{5, 5}, DType: nd.Float32}, nil, nil)
	level := 1
	for _, c := range []struct {
		src, dst string
		o        Options
		want     string
	}{
		{"line", "new", Options{Pyramid: &Pyramid{}}, "a list of 1; at least 2 are due"},
		{"last", "new", Options{Pyramid: &Pyramid{}}, "cannot become an OME-Zarr image"},
		{"complex", "new", Options{Pyramid: &Pyramid{Method: kernels.DownsampleMode}}, "complex numbers have no order"},
		{"float", "new", Options{Pyramid: &Pyramid{Method: "median"}}, "--method median: possible are"},
		{"grey", "new", Options{Pyramid: &Pyramid{}, Level: &level}, "is an array and no image"},
		{"grey", "new", Options{Pyramid: &Pyramid{Levels: 20}}, "--levels 20: after"},
		{"grey", "new", Options{Pyramid: &Pyramid{Factor: []int{2}}}, "--factor [2]"},
		{"image", "new", Options{Pyramid: &Pyramid{Factor: []int{2, 2, 2}}}, "the axis c is of type channel"},
		{"grey", "grey", Options{Pyramid: &Pyramid{}}, "is the source itself"},
		{"grey", "image", Options{Pyramid: &Pyramid{}}, "exists"},
		{"grey", "float", Options{Pyramid: &Pyramid{Labels: true}}, "no OME-Zarr image that could have labels"},
		{"grey", "nowhere", Options{Pyramid: &Pyramid{Labels: true}}, "nothing is there"},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true, Name: "a/b"}}, "--name \"a/b\""},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true, Name: ".."}}, "--name \"..\""},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true, Method: kernels.DownsampleMean}}, "the mean of labels"},
		{"float", "image", Options{Pyramid: &Pyramid{Labels: true}}, "labels are whole numbers"},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true}, Format: 3}, "the image"},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true, Levels: 5}}, "demands as many"},
		{"grey", "image", Options{Pyramid: &Pyramid{Labels: true, Name: "cells"}}, "exists"},
	} {
		err := cp(at(c.src), at(c.dst), c.o)
		if err == nil || !volume.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s, %+v: %v, want %s", c.src, c.dst, *c.o.Pyramid, err, c.want)
		}
	}
	if _, err := os.Stat(at("new")); err == nil {
		t.Error("something was written")
	}
}

// TestNameAxes gives axes the usual names where they have none.
func TestNameAxes(t *testing.T) {
	for _, c := range []struct{ names, types, dimensions, want string }{
		{"d0 d1 d2", "space space space", "", "z y x"},
		{"c0 d0 d1", "channel space space", "", "c y x"},
		{"d0 c0 d1 d2", "time channel space space", "", "t c y x"},
		{"d0 z x", "space space space", "", "y z x"},
		{"d0 d1", "space space", "rows columns", "rows columns"},
		{"c0 c1 d0 d1", "channel channel space space", "", "c0 c y x"},
	} {
		var axes []ngff.Axis
		types := strings.Fields(c.types)
		for i, name := range strings.Fields(c.names) {
			axes = append(axes, ngff.Axis{Name: name, Type: types[i]})
		}
		nameAxes(axes, strings.Fields(c.dimensions))
		var got []string
		for _, a := range axes {
			got = append(got, a.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s become %v, want %s", c.names, got, c.want)
		}
	}
}

// TestNameIn makes names of locations.
func TestNameIn(t *testing.T) {
	for location, want := range map[string]string{"a/em.ome.zarr/": "em", "s3://b/x/y.zarr": "y", "seg": "seg", ".zarr": ".zarr", "/d/a.ome.zarr.zip": "a"} {
		if got := nameIn(location); got != want {
			t.Errorf("%s gives %q, want %q", location, got, want)
		}
	}
}
