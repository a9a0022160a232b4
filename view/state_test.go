package view

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

var update = flag.Bool("update", false, "write the golden state anew")

// TestState compares the viewer's state of one dataset of each kind with the golden one.
func TestState(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	place := func(voxel, offset []float64, unit string, names ...string) map[string]any {
		return map[string]any{"voxel_size": voxel, "offset": offset, "units": []string{unit, unit, unit}, "axis_names": names}
	}
	create(t, path("raw"), zarr.Spec{Shape: []int{100, 200, 300}, Chunks: []int{64, 64, 64}, DType: nd.Uint8,
		Attributes: place([]float64{40, 4, 4}, []float64{0, 0, 0}, "nm", "z", "y", "x")})
	create(t, path("affs"), zarr.Spec{Shape: []int{6, 40, 50, 60}, Chunks: []int{6, 32, 32, 32}, DType: nd.Uint8, Format: 2,
		Attributes: place([]float64{0.04, 0.008, 0.008}, []float64{0.4, 0.16, 0.084}, "um", "c^", "z", "y", "x")})
	create(t, path("segments"), zarr.Spec{Shape: []int{40, 50, 60}, Chunks: []int{32, 32, 32}, DType: nd.Int64,
		Attributes: map[string]any{"voxel_size": []float64{40, 8, 8}, "offset": []float64{400, 160, 84}}})
	find := Paths([]Request{{Path: path("raw")}, {Path: path("affs")}, {Path: path("segments")}}, zarr.Overrides{})
	rgb := Dataset{Name: "rgb + t", Kind: Image, Levels: []Level{{Array: lazy.Array{Source: blank{[]int{7, 2, 10, 10}, nd.Uint16}, Spatial: zarr.Spatial{
		VoxelSize: []float64{1.5, 40, 8}, Offset: []float64{0, 400, 160}, AxisNames: []string{"t", "channel", "row", "column"},
		Units: []string{"minute", "", "", ""}, Types: []string{"time", "channel", "space", "space"}, ChannelAxes: 1}}}},
		Channels: []Channel{{Colour: "ff8800", Window: &Range{5, 500}}, {Hidden: true}}}
	blocks := Dataset{Name: "blocks", Kind: Labels, Hidden: true, Legend: []Entry{{1, "done", "58b068"}, {6, "failed", "F0544C"}},
		Levels: []Level{{Array: lazy.Array{Source: blank{[]int{2, 3, 4}, nd.Uint8}, Spatial: zarr.Spatial{VoxelSize: []float64{800, 160, 160}, Offset: []float64{400, 160, 84},
			AxisNames: []string{"d0", "d1", "d2"}, Units: []string{"", "", ""}, Types: []string{"space", "space", "space"}}}}}}
	s := NewServer(Options{Log: slog.New(slog.DiscardHandler), Find: func(ctx context.Context, opening ...zarr.Option) ([]Dataset, []error) {
		found, problems := find(ctx, opening...)
		return append(found, rgb, blocks), problems
	}})
	scene, err := s.Look(t.Context())
	if err != nil || len(scene.Problems) > 0 {
		t.Fatalf("%v %v", err, scene.Problems)
	}
	state, err := scene.State("http://127.0.0.1:8080/")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, state, "", " "); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "state.json")
	if *update {
		if err := os.WriteFile(golden, append(got.Bytes(), '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != strings.TrimSpace(string(want)) {
		t.Errorf("the state is not that of %s (-update writes it anew) %v:\n%s", golden, err, got.String())
	}
	world, voxels := scene.DescribeMiddle()
	if world != "1220, 482, 202 nm (z, y, x), 315 s (t)" || voxels != "50.5, 120.5, 30.5, 3.5 (x, y, z, t)" {
		t.Errorf("the middle is %s, voxel %s", world, voxels)
	}
}

// blank is a source of zeros.
type blank struct {
	shape []int
	dtype nd.DType
}

func (b blank) Shape() []int    { return b.shape }
func (b blank) DType() nd.DType { return b.dtype }
func (b blank) Path() string    { return "blank" }
func (b blank) ReadInto(_ context.Context, dst *nd.Array, _ []int) error {
	clear(dst.Bytes())
	return nil
}

// TestAxes is what axes are called and how large they are.
func TestAxes(t *testing.T) {
	for _, c := range []struct {
		names, types, units []string
		kind                Kind
		shape               []int
		want                []string
		scale               float64 // of the last axis
		notes               int
	}{
		{[]string{"z", "y", "x"}, spaces(3), []string{"nm", "nm", "nm"}, Image, []int{2, 3, 4}, []string{"z", "y", "x"}, 8e-9, 0},
		{[]string{"x", "y", "z"}, spaces(3), []string{"", "", ""}, Labels, []int{2, 3, 4}, []string{"x", "y", "z"}, 8e-9, 0},
		{[]string{"d0", "d1", "d2"}, spaces(3), []string{"", "", ""}, Labels, []int{2, 3, 4}, []string{"z", "y", "x"}, 8e-9, 0},
		{[]string{"d0", "d1", "d2", "d3"}, spaces(4), make([]string, 4), Labels, []int{2, 3, 4, 5}, []string{"s0", "z", "y", "x"}, 8e-9, 0},
		{[]string{"Y", "X"}, spaces(2), []string{"µm", "micrometer"}, Image, []int{3, 4}, []string{"y", "x"}, 8e-6, 0},
		{[]string{"x", "x"}, spaces(2), []string{"m", "mm"}, Image, []int{3, 4}, []string{"y", "x"}, 8e-3, 0},
		{[]string{"row"}, spaces(1), []string{"furlong"}, Image, []int{3}, []string{"x"}, 8e-9, 1},
		{[]string{"t", "c", "y", "x"}, []string{"time", "channel", "space", "space"}, make([]string, 4), Image, []int{9, 2, 3, 4}, []string{"t", "c^", "y", "x"}, 8e-9, 0},
		{[]string{"t", "c", "y", "x"}, []string{"time", "channel", "space", "space"}, make([]string, 4), Labels, []int{9, 2, 3, 4}, []string{"t", "c'", "y", "x"}, 8e-9, 0},
		{[]string{"a^", "b^", "x"}, []string{"channel", "angle", "space"}, make([]string, 3), Image, []int{2, 3, 4}, []string{"c0^", "c1^", "x"}, 8e-9, 0},
		{[]string{"a^", "b^", "x"}, []string{"channel", "angle", "space"}, make([]string, 3), Image, []int{20, 3, 4}, []string{"c0'", "c1'", "x"}, 8e-9, 0},
		{[]string{"z", "y", "x"}, spaces(3), []string{"angstrom", "angstrom", "angstrom"}, Image, []int{2, 3, 4}, []string{"z", "y", "x"}, 8e-10, 0},
	} {
		s := zarr.Spatial{AxisNames: c.names, Types: c.types, Units: c.units}
		for _, kind := range c.types {
			if kind == "space" || kind == "time" {
				s.VoxelSize, s.Offset = append(s.VoxelSize, 8), append(s.Offset, -20)
			}
		}
		axes, notes, err := placed(c.shape, s, c.kind)
		var names []string
		for _, a := range axes {
			names = append(names, a.name)
		}
		last := axes[len(axes)-1]
		if err != nil || !slices.Equal(names, c.want) || last.scale != c.scale || last.offset != -2.5 || len(notes) != c.notes {
			t.Errorf("%v %v: %v %+v %v %v, want %v %v", c.names, c.types, names, last, notes, err, c.want, c.scale)
		}
	}
	if _, _, err := placed([]int{2}, zarr.Spatial{AxisNames: []string{"c"}, Types: []string{"channel"}, Units: []string{""}}, Image); err == nil {
		t.Error("an array of nothing but channels has a place")
	}
}

func spaces(n int) []string { return slices.Repeat([]string{"space"}, n) }

// TestKinds is what is taken for what.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name                   string
		t                      nd.DType
		channels, neighborhood bool
		want                   Kind
	}{
		{"raw", nd.Uint8, false, false, Image},
		{"raw", nd.Uint32, false, false, Image},
		{"volume", nd.Uint8, false, false, Image},
		{"volume", nd.Uint16, false, false, Image},
		{"volume", nd.Uint64, false, false, Labels},
		{"volume", nd.Int32, false, false, Labels},
		{"volume", nd.Bool, false, false, Labels},
		{"volume", nd.Float32, false, false, Image},
		{"volume", nd.Uint8, true, false, Image},
		{"volume", nd.Float32, true, true, Affinities},
		{"volume", nd.Float32, false, true, Image},
		{"pred_affs", nd.Float32, true, false, Affinities},
		{"affinities", nd.Uint8, true, false, Affinities},
		{"staff", nd.Uint8, true, false, Image},
		{"mask", nd.Uint8, false, false, Labels},
		{"gt_seg", nd.Uint16, false, false, Labels},
		{"frags", nd.Uint64, false, false, Labels},
		{"segments", nd.Float32, false, false, Image},
		{"lsds", nd.Float32, true, false, Image},
		{"labels", nd.Uint8, true, false, Labels},
		{"blocks_done", nd.Uint8, false, false, Labels},
		{"em_seg", nd.Uint64, false, false, Labels},
		{"raw_labels", nd.Uint16, false, false, Labels},
		{"lsd_frags", nd.Uint64, false, false, Labels},
		{"seg_raw", nd.Uint32, false, false, Image},
		{"em_seg", nd.Float32, false, false, Image},
		{"affs_seg", nd.Float32, true, false, Affinities},
		{"affs_seg", nd.Uint64, false, false, Labels},
		{"ground_truth", nd.Uint8, false, false, Labels},
		{"em-Labels-2", nd.Uint8, false, false, Labels},
	} {
		if got := guessKind(c.name, c.t, c.channels, c.neighborhood); got != c.want {
			t.Errorf("%+v is taken for %s", c, got)
		}
	}
	dir := t.TempDir()
	odd := filepath.Join(dir, "image=x")
	if err := os.Mkdir(odd, 0o777); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Request{"labels=a/b": {Path: "a/b", Kind: Labels}, "affs=s3://x": {Path: "s3://x", Kind: Affinities}, "raw=x": {Path: "x", Kind: Image}, "a=b": {Path: "a=b"},
		"labels=": {Path: "labels="}, "x": {Path: "x"}, odd: {Path: odd}} {
		if got := ParseRequest(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// TestUnshowable names what cannot be shown, and shows the rest.
func TestUnshowable(t *testing.T) {
	dir := t.TempDir()
	create(t, filepath.Join(dir, "v", "complex"), zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Complex64})
	create(t, filepath.Join(dir, "v", "fine"), zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8})
	create(t, filepath.Join(dir, "v", "scalar"), zarr.Spec{Shape: []int{}, Chunks: []int{}, DType: nd.Uint8})
	s, _ := serving(t, filepath.Join(dir, "v"), filepath.Join(dir, "nowhere"), "labels="+filepath.Join(dir, "v", "fine"))
	scene, err := s.Look(t.Context())
	if err != nil || len(scene.Layers) != 2 || len(scene.Problems) != 3 || scene.Layers[1].Name != "fine-2" || scene.Layers[1].Kind != Labels {
		t.Errorf("%+v %v", scene, err)
	}
	for _, problem := range scene.Problems {
		if text := problem.Error(); !strings.Contains(text, "complex") && !strings.Contains(text, "nowhere") && !strings.Contains(text, "scalar") {
			t.Errorf("%v", problem)
		}
	}
}

// TestLegend demands that the viewer is told what the values of blocks mean.
func TestLegend(t *testing.T) {
	place := zarr.Spatial{VoxelSize: []float64{8}, Offset: []float64{0}, AxisNames: []string{"x"}, Units: []string{""}, Types: []string{"space"}}
	l, err := newLayer(t.Context(), Dataset{Name: "a b", Kind: Labels, Legend: []Entry{{1, "done", "58b068"}, {7, "failed", "F0544C"}},
		Levels: []Level{{Array: lazy.Array{Source: blank{[]int{4}, nd.Uint8}, Spatial: place}}}})
	if err != nil {
		t.Fatal(err)
	}
	state, err := newScene([]*Layer{l}, nil).State("http://x/")
	if err != nil || !strings.Contains(string(state), `"precomputed://http://x/a%20b/legend/"]`) {
		t.Errorf("%s (%v)", state, err)
	}
	o, err := l.tree.open(t.Context(), "legend/info")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := io.ReadAll(o)
	var compact bytes.Buffer
	if err := errors.Join(err, json.Compact(&compact, doc)); err != nil || compact.String() !=
		`{"@type":"neuroglancer_segment_properties","inline":{"ids":["1","7"],"properties":[{"id":"label","type":"label","values":["done","failed"]}]}}` {
		t.Errorf("%s (%v)", doc, err)
	}
	if _, err := l.tree.open(t.Context(), "zarr.json"); err != nil {
		t.Errorf("the voxels: %v", err)
	}
}

// TestTime demands that seconds are not counted as metres: a film is seen as pictures, with the time chosen.
func TestTime(t *testing.T) {
	for _, c := range []struct {
		names, types []string
		voxel        []float64
		shape        []int
		want         string
	}{
		{[]string{"t", "y", "x"}, []string{"time", "space", "space"}, []float64{2, 8, 8}, []int{50, 100, 200},
			`"displayDimensions":["x","y"],"position":[100.5,50.5,25.5],"crossSectionScale":0.4,"projectionScale":300`},
		{[]string{"z", "y", "x"}, spaces(3), []float64{40, 8, 8}, []int{20, 100, 200},
			`"displayDimensions":["x","y","z"],"position":[100.5,50.5,10.5],"crossSectionScale":0.4,"projectionScale":300`},
		{[]string{"t", "s", "z", "y", "x"}, append([]string{"time"}, spaces(4)...), []float64{2, 8, 8, 8, 8}, []int{2, 6, 10, 10, 10},
			`"displayDimensions":["x","y","z"],"position":[5.5,5.5,5.5,3.5,1.5],"crossSectionScale":0.1,"projectionScale":15`},
		{[]string{"t"}, []string{"time"}, []float64{2}, []int{500}, `"displayDimensions":["t"],"position":[250.5],"crossSectionScale":1,"projectionScale":750`},
	} {
		place := zarr.Spatial{VoxelSize: c.voxel, Offset: make([]float64, len(c.shape)), AxisNames: c.names, Units: make([]string, len(c.shape)), Types: c.types}
		l, err := newLayer(t.Context(), Dataset{Name: "film", Kind: Image, Levels: []Level{{Array: lazy.Array{Source: blank{c.shape, nd.Uint8}, Spatial: place}}}})
		if err != nil {
			t.Fatal(err)
		}
		state, err := newScene([]*Layer{l}, nil).State("http://x/")
		if err != nil || !strings.Contains(string(state), c.want) {
			t.Errorf("%v: %s (%v), want %s", c.names, state, err, c.want)
		}
	}
	if state, err := newScene(nil, nil).State("http://x/"); err != nil || strings.Contains(string(state), "displayDimensions") {
		t.Errorf("nothing: %s (%v)", state, err)
	}
}
