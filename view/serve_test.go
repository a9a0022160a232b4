package view

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"volara/graph"
	"volara/nd"
	"volara/pipeline"
	"volara/stages"
	"volara/zarr"
	"volara/zarr/codec"
	"volara/zarr/lazy"
	"volara/zarr/store"
)

// overHTTP reads zarr from a server, as other programs do.
type overHTTP struct {
	t   *testing.T
	url string
}

func (s overHTTP) get(ctx context.Context, key, header string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+key, nil)
	if err != nil {
		return nil, err
	}
	if header != "" {
		r.Header.Set("Range", header)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return nil, store.ErrNotExist
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil, store.ErrRange
	case answer.StatusCode >= 300:
		return nil, fmt.Errorf("%s: %s", key, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func (s overHTTP) Get(ctx context.Context, key string) ([]byte, error) { return s.get(ctx, key, "") }

func (s overHTTP) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if offset < 0 {
		return s.get(ctx, key, fmt.Sprintf("bytes=%d", offset))
	}
	return s.get(ctx, key, fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
}

func (s overHTTP) Put(context.Context, string, []byte) error { return fmt.Errorf("read only") }
func (s overHTTP) Delete(context.Context, string) error      { return fmt.Errorf("read only") }
func (s overHTTP) String() string                            { return s.url }
func (s overHTTP) List(context.Context, string) iter.Seq2[store.Entry, error] {
	return func(func(store.Entry, error) bool) {}
}

// create writes an array of random values.
func create(t *testing.T, path string, s zarr.Spec) *nd.Array {
	t.Helper()
	a, err := zarr.Create(t.Context(), path, s)
	if err != nil {
		t.Fatal(err)
	}
	data := nd.New(s.DType, s.Shape...)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(source.IntN(256))
	}
	switch s.DType {
	case nd.Bool:
		for i := range data.Bytes() {
			data.Bytes()[i] &= 1
		}
	case nd.Float32:
		for i := range nd.Values[float32](data) {
			nd.Values[float32](data)[i] = source.Float32()
		}
	case nd.Float64:
		for i := range nd.Values[float64](data) {
			nd.Values[float64](data)[i] = source.Float64()
		}
	}
	if err := a.Write(t.Context(), make([]int, len(s.Shape)), data); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

// serving returns a server of paths, and its URL.
func serving(t *testing.T, paths ...string) (*Server, string) {
	t.Helper()
	var requests []Request
	for _, p := range paths {
		requests = append(requests, ParseRequest(p))
	}
	s := NewServer(Options{Find: Paths(requests, zarr.Overrides{}), CacheBytes: 1 << 20, Log: slog.New(slog.DiscardHandler)})
	h := httptest.NewServer(s.Handler("/"))
	t.Cleanup(h.Close)
	return s, h.URL + "/"
}

// readBack reads a layer over HTTP.
func readBack(t *testing.T, url string) *nd.Array {
	t.Helper()
	a, err := zarr.OpenStore(t.Context(), overHTTP{t, url}, "")
	if err != nil {
		t.Fatal(err)
	}
	m := a.Metadata()
	data, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var spatial = map[string]any{"voxel_size": []float64{40, 8, 4}, "offset": []float64{400, -80, 2}, "units": []string{"nm", "nm", "nm"}}

// with returns a Spec of a volume.
func with(change func(*zarr.Spec)) zarr.Spec {
	s := zarr.Spec{Shape: []int{20, 70, 33}, Chunks: []int{16, 32, 16}, DType: nd.Uint8, Attributes: spatial}
	change(&s)
	return s
}

// TestServed demands that what is served reads as what is stored, as it is where the viewer can read it, and says why
// where not.
func TestServed(t *testing.T) {
	for name, c := range map[string]struct {
		spec      zarr.Spec
		converted string
	}{
		"uint8 zstd":      {with(func(s *zarr.Spec) {}), ""},
		"uint64 v2 blosc": {with(func(s *zarr.Spec) { s.Format, s.DType, s.Codec = 2, nd.Uint64, "blosc" }), ""},
		"v2 dots":         {with(func(s *zarr.Spec) { s.Format, s.Separator = 2, "." }), ""},
		"v2 keys in v3":   {with(func(s *zarr.Spec) { s.V2Keys = true }), ""},
		"big endian":      {with(func(s *zarr.Spec) { s.BigEndian, s.DType = true, nd.Int16 }), ""},
		"gzip float32":    {with(func(s *zarr.Spec) { s.Codec, s.DType = "gzip", nd.Float32 }), ""},
		"sharded":         {with(func(s *zarr.Spec) { s.Shards, s.Chunks = []int{32, 64, 32}, []int{16, 16, 16} }), ""},
		"index at start": {with(func(s *zarr.Spec) {
			s.Shards, s.Chunks, s.Index.AtStart = []int{32, 64, 32}, []int{16, 16, 16}, true
		}), ""},
		"nested shards": {with(func(s *zarr.Spec) {
			s.Shards, s.SubShards, s.Chunks = []int{32, 64, 32}, [][]int{{16, 32, 16}}, []int{8, 16, 8}
		}), "codec sharding_indexed"},
		"order F":       {with(func(s *zarr.Spec) { s.Format, s.Order = 2, []int{2, 1, 0} }), "order F"},
		"transposed":    {with(func(s *zarr.Spec) { s.Order = []int{1, 0, 2} }), "codec transpose"},
		"bool":          {with(func(s *zarr.Spec) { s.DType = nd.Bool }), "bool"},
		"int64":         {with(func(s *zarr.Spec) { s.DType = nd.Int64 }), "int64"},
		"large chunk":   {with(func(s *zarr.Spec) { s.Chunks = []int{264, 256, 256} }), "chunks of 16 MiB"},
		"a great fill":  {with(func(s *zarr.Spec) { s.DType, s.Fill = nd.Uint64, zarr.FillOf(uint64(1<<63+1)) }), "fill value 9223372036854775809"},
		"lz4":           {with(func(s *zarr.Spec) { s.Format, s.Codecs = 2, []codec.Codec{&codec.LZ4{Acceleration: 1}} }), "codec lz4"},
		"two axes":      {with(func(s *zarr.Spec) { s.Shape, s.Chunks, s.Attributes = []int{50, 60}, []int{64, 64}, nil }), ""},
		"no offset set": {with(func(s *zarr.Spec) { s.Attributes = nil }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "labels")
			stored := create(t, path, c.spec)
			kind := "labels="
			if c.spec.DType.IsFloat() {
				kind = "image="
			}
			s, url := serving(t, kind+path)
			scene, err := s.Look(t.Context())
			if err != nil || len(scene.Layers) != 1 {
				t.Fatalf("%v %v", scene, err)
			}
			if got := scene.Layers[0].Converted; got != c.converted {
				t.Errorf("converted: %q, want %q", got, c.converted)
			}
			served := readBack(t, url+"labels/")
			if !bytes.Equal(served.Bytes(), stored.Bytes()) || !slices.Equal(served.Shape(), stored.Shape()) {
				t.Errorf("%v %v was served as %v %v, with other values", stored.DType(), stored.Shape(), served.DType(), served.Shape())
			}
		})
	}
}

// TestConverted demands the values of types that the viewer does not know.
func TestConverted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw")
	create(t, path, zarr.Spec{Shape: []int{5}, Chunks: []int{2}, DType: nd.Float64})
	a, err := zarr.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{0, -1.5, float32(math.Inf(1)), 1e-3, 7}
	values := []float64{0, -1.5, math.Inf(1), 1e-3, 7}
	if err := a.Write(t.Context(), []int{0}, nd.From(values, 5)); err != nil {
		t.Fatal(err)
	}
	_, url := serving(t, path)
	if got := nd.Values[float32](readBack(t, url+"raw/")); !slices.Equal(got, want) {
		t.Errorf("%v was served as %v", values, got)
	}
	for bits, want := range map[uint16]float32{0: 0, 0x3c00: 1, 0xc000: -2, 0x7c00: float32(math.Inf(1)), 1: 1.0 / (1 << 24), 0x3555: 0.333251953125} {
		half := nd.View(nd.Float16, nd.From([]uint16{bits}, 1).Bytes(), 1)
		if got := nd.Elements[float32](convert(half, nd.Float32))[0]; got != want {
			t.Errorf("half %#x is %v, want %v", bits, got, want)
		}
	}
}

// TestChannels demands that channels which a shader is given lie in one chunk, and that too many are chosen from.
func TestChannels(t *testing.T) {
	dir := t.TempDir()
	attrs := map[string]any{"voxel_size": []float64{4, 4, 4}, "axis_names": []string{"c^", "z", "y", "x"}}
	affs := create(t, filepath.Join(dir, "affs"), zarr.Spec{Shape: []int{3, 70, 20, 20}, Chunks: []int{1, 16, 16, 16}, DType: nd.Uint8, Attributes: attrs})
	create(t, filepath.Join(dir, "lsds"), zarr.Spec{Shape: []int{40, 9, 9, 9}, Chunks: []int{1, 9, 9, 9}, DType: nd.Float32, Attributes: attrs})
	s, url := serving(t, dir)
	scene, err := s.Look(t.Context())
	if err != nil || len(scene.Layers) != 2 {
		t.Fatalf("%+v %v", scene, err)
	}
	if l := scene.Layers[0]; l.Kind != Affinities || l.axes[0].name != "c^" || !bytes.Equal(readBack(t, url+"affs/").Bytes(), affs.Bytes()) {
		t.Errorf("%+v", l)
	}
	if l := scene.Layers[1]; l.Kind != Image || l.axes[0].name != "c'" || l.Converted != "" {
		t.Errorf("%+v", l)
	}
}

// TestImage demands the levels of an image where they belong.
func TestImage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "em.ome.zarr")
	levels := []*nd.Array{
		create(t, filepath.Join(dir, "s0"), zarr.Spec{Shape: []int{8, 40, 40}, Chunks: []int{8, 16, 16}, DType: nd.Uint8}),
		create(t, filepath.Join(dir, "s1"), zarr.Spec{Shape: []int{8, 20, 20}, Chunks: []int{8, 16, 16}, DType: nd.Uint8}),
	}
	labels := create(t, filepath.Join(dir, "labels", "cells", "0"), zarr.Spec{Shape: []int{8, 40, 40}, Chunks: []int{8, 16, 16}, DType: nd.Int64})
	write := func(path, attributes string) {
		doc := fmt.Sprintf(`{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", %s}}}`, attributes)
		if err := os.WriteFile(filepath.Join(dir, path, "zarr.json"), []byte(doc), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	axes := `"axes": [{"name": "z", "type": "space", "unit": "micrometer"}, {"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}]`
	write("", `"multiscales": [{`+axes+`, "datasets": [
		{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [0.04, 0.008, 0.008]}, {"type": "translation", "translation": [0.4, 0, 0]}]},
		{"path": "s1", "coordinateTransformations": [{"type": "scale", "scale": [0.04, 0.016, 0.016]}, {"type": "translation", "translation": [0.4, 0, 0]}]}]}],
		"omero": {"channels": [{"color": "FFFFFF", "window": {"min": 0, "max": 255, "start": 10, "end": 200}}]}`)
	write("labels", `"labels": ["cells"]`)
	write("labels/cells", `"image-label": {"version": "0.5"}, "multiscales": [{`+axes+`, "datasets": [
		{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.04, 0.008, 0.008]}]}]}]`)
	s, url := serving(t, dir)
	scene, err := s.Look(t.Context())
	if err != nil || len(scene.Layers) != 2 || len(scene.Problems) > 0 {
		t.Fatalf("%+v %v", scene, err)
	}
	em := scene.Layers[0]
	if em.Kind != Image || em.Name != "em" || em.Levels != 2 || em.Converted != "" || em.ranges[0] != (Range{10, 200}) {
		t.Errorf("%+v", em)
	}
	for i, want := range levels {
		if got := readBack(t, fmt.Sprintf("%sem/%d/", url, i)); !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("level %d has other values", i)
		}
	}
	a, err := zarr.OpenStore(t.Context(), overHTTP{t, url}, "cells/")
	if err != nil {
		t.Fatal(err)
	}
	place, err := a.Spatial(zarr.Overrides{})
	if err != nil || scene.Layers[1].Kind != Labels || !slices.Equal(place.VoxelSize, []float64{0.04, 0.008, 0.008}) {
		t.Errorf("labels: %+v %+v %v", scene.Layers[1], place, err)
	}
	if got := readBack(t, url+"cells/"); got.DType() != nd.Uint64 || !bytes.Equal(got.Bytes(), labels.Bytes()) {
		t.Errorf("labels were served as %v", got.DType())
	}
	coarse, err := zarr.Open(t.Context(), url+"em", zarr.Level(1))
	if err != nil {
		t.Fatal(err)
	}
	defer coarse.Close()
	if s, err := coarse.Spatial(zarr.Overrides{}); err != nil || !slices.Equal(s.VoxelSize, []float64{40, 16, 16}) || !slices.Equal(s.Offset, []float64{400, 4, 4}) {
		t.Errorf("the second level is read back at %+v %v", s, err)
	}
	raw, err := overHTTP{t, url}.Get(t.Context(), "em/zarr.json")
	if err != nil {
		t.Fatal(err)
	}
	want := `"datasets":[{"path":"0","coordinateTransformations":[{"type":"scale","scale":[40,8,8]},{"type":"translation","translation":[400,0,0]}]},` +
		`{"path":"1","coordinateTransformations":[{"type":"scale","scale":[40,16,16]},{"type":"translation","translation":[400,4,4]}]}]`
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil || !strings.Contains(compact.String(), want) {
		t.Errorf("the image is described as\n%s", compact.String())
	}
}

// TestImageV2 serves an image of zarr v2, and one that is converted, which both read back as images.
func TestImageV2(t *testing.T) {
	for name, dtype := range map[string]nd.DType{"as stored": nd.Uint8, "converted": nd.Float64} {
		dir := filepath.Join(t.TempDir(), "em")
		var levels []*nd.Array
		for i, n := range []int{40, 20} {
			levels = append(levels, create(t, filepath.Join(dir, fmt.Sprint(i)), zarr.Spec{Format: 2, Shape: []int{n, n}, Chunks: []int{16, 16}, DType: dtype}))
		}
		attributes := `{"multiscales": [{"version": "0.4", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}], "datasets": [
			{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [5, 5]}]},
			{"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [10, 10]}, {"type": "translation", "translation": [2.5, 2.5]}]}]}]}`
		for file, text := range map[string]string{".zgroup": `{"zarr_format": 2}`, ".zattrs": attributes} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		_, url := serving(t, dir)
		for i, want := range levels {
			a, err := zarr.Open(t.Context(), url+"em", zarr.Level(i))
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Read(t.Context(), []int{0, 0}, a.Shape())
			if err != nil || !slices.Equal(floats(got), mapFloats(floats(want), dtype)) {
				t.Errorf("%s: level %d has other values (%v)", name, i, err)
			}
			a.Close()
		}
	}
}

// mapFloats rounds what is served as float32.
func mapFloats(list []float64, t nd.DType) []float64 {
	if t == nd.Float64 {
		for i, v := range list {
			list[i] = float64(float32(v))
		}
	}
	return list
}

// TestAtOnce asks for many chunks at once, as the viewer does.
func TestAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	stored := create(t, path, zarr.Spec{Shape: []int{70, 70, 70}, Chunks: []int{50, 50, 50}, DType: nd.Bool})
	_, url := serving(t, path)
	var readers sync.WaitGroup
	for range 20 {
		readers.Go(func() {
			if !bytes.Equal(readBack(t, url+"f/").Bytes(), stored.Bytes()) {
				t.Error("other values")
			}
		})
	}
	readers.Wait()
}

// TestElsewhere serves what is not in a folder of this machine: an array in a zip file, one on a web server, and labels seen
// through a look-up table, given by a path and by a pipeline.
func TestElsewhere(t *testing.T) {
	dir := t.TempDir()
	stored := create(t, filepath.Join(dir, "v.zarr", "raw"), with(func(*zarr.Spec) {}))
	zipped := filepath.Join(dir, "v.zip")
	f, err := os.Create(zipped)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if err := errors.Join(w.AddFS(os.DirFS(filepath.Join(dir, "v.zarr"))), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer web.Close()
	for _, path := range []string{zipped + "/raw", web.URL + "/v.zarr/raw"} {
		s, url := serving(t, path)
		scene, err := s.Look(t.Context())
		if err != nil || len(scene.Layers) != 1 || scene.Layers[0].Converted == "" {
			t.Errorf("%s: %+v %v", path, scene, err)
		}
		if !bytes.Equal(readBack(t, url+"raw/").Bytes(), stored.Bytes()) {
			t.Errorf("%s: other values", path)
		}
	}
}

// TestLUT shows labels through a look-up table that a path, or a pipeline's dataset, is given.
func TestLUT(t *testing.T) {
	dir := t.TempDir()
	a, err := zarr.Create(t.Context(), filepath.Join(dir, "frags"), zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint64})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(t.Context(), []int{0}, nd.From([]uint64{0, 1, 2, 3}, 4)); err != nil {
		t.Fatal(err)
	}
	lut := filepath.Join(dir, "lut.npz")
	if err := (&graph.LUT{Fragments: []int64{1, 2}, Segments: []int64{70, 70}}).Write(lut); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(file, []byte(`
name: p
datasets:
  merged: {store: frags, dataset_type: labels, lut: lut.npz}
tasks:
  - {task_type: relabel, frags_data: merged, seg_data: {store: out}, lut: {path: lut.npz}, block_size: [4]}
`), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Load(stages.Builtin(), file)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for name, find := range map[string]Finder{
		"path":     Paths([]Request{{Path: filepath.Join(dir, "frags"), LUT: &lazy.LUT{Path: lut}}}, zarr.Overrides{}),
		"pipeline": NewRun(p, pipeline.Server{StateDir: p.StateDir()}, log).Find,
	} {
		s := NewServer(Options{Find: find, Log: log})
		h := httptest.NewServer(s.Handler("/"))
		got := nd.Values[uint64](readBack(t, h.URL+"/frags/"))
		if scene, err := s.Look(t.Context()); err != nil || scene.Layers[0].Converted != "computed by lazy operations" {
			t.Errorf("%s: %+v, %v", name, scene, err)
		}
		h.Close()
		if !slices.Equal(got, []uint64{0, 70, 70, 3}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
