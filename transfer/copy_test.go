package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
)

// drawLayout draws how an array is stored.
func drawLayout(t *rapid.T, dims int) zarr.Spec {
	s := zarr.Spec{Format: rapid.IntRange(2, 3).Draw(t, "format"), Codec: rapid.SampledFrom([]string{"zstd", "blosc", "gzip", "raw"}).Draw(t, "codec")}
	for range dims { // few files
		s.Chunks = append(s.Chunks, rapid.IntRange(1+dims/2, 5).Draw(t, "chunk"))
	}
	if s.Format == 3 && dims > 0 && rapid.Bool().Draw(t, "sharded") {
		for _, n := range s.Chunks {
			s.Shards = append(s.Shards, n*rapid.IntRange(1, 3).Draw(t, "times"))
		}
	}
	s.BigEndian = rapid.Bool().Draw(t, "big")
	s.Separator = rapid.SampledFrom([]string{"/", "."}).Draw(t, "separator")
	if rapid.Bool().Draw(t, "order F") {
		for d := range dims {
			s.Order = append(s.Order, dims-1-d)
		}
	}
	return s
}

// drawRequest draws another layout as options.
func drawRequest(t *rapid.T, dims int) Options {
	var o Options
	want := drawLayout(t, dims)
	if rapid.Bool().Draw(t, "another format") {
		o.Format = want.Format
	}
	if rapid.Bool().Draw(t, "other chunks") {
		o.Chunks = want.Chunks
		o.NoShards = want.Shards == nil
		if o.Format == 3 {
			o.Shards = want.Shards
		}
		o.NoShards = o.Shards == nil
	}
	if rapid.Bool().Draw(t, "other codec") {
		o.Codecs, _ = ParseCodecs(want.Codec)
	}
	if rapid.Bool().Draw(t, "other details") {
		o.Separator, o.Endian, o.Order = want.Separator, map[bool]string{true: "big", false: "little"}[want.BigEndian], "C"
		if want.Order != nil {
			o.Order = "F"
		}
	}
	o.WriteEmpty = rapid.Bool().Draw(t, "write empty")
	o.Limits = volume.Limits{Workers: rapid.IntRange(1, 3).Draw(t, "workers"), Memory: rapid.SampledFrom([]int64{1 << 16, 1 << 20}).Draw(t, "memory")}
	return o
}

// drawRegion draws a region in voxels, the zero one half of the time.
func drawRegion(t *rapid.T, shape []int) (r volume.Region, b volume.Box) {
	b = volume.Whole(shape)
	if b.Empty() || len(shape) == 0 || rapid.Bool().Draw(t, "all") {
		return r, b
	}
	for d, n := range shape {
		b.Offset[d] = rapid.IntRange(0, n-1).Draw(t, "from")
		b.Shape[d] = rapid.IntRange(1, n-b.Offset[d]).Draw(t, "length")
		r.Voxels = append(r.Voxels, volume.Span{Begin: float64(b.Offset[d]), End: float64(b.Offset[d] + b.Shape[d])})
	}
	return r, b
}

// TestCopiesAreEqual copies random arrays to random layouts: the voxels stay the same, and their place in the world.
func TestCopiesAreEqual(t *testing.T) {
	root, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dims := rapid.IntRange(0, 4).Draw(t, "axes")
		spec := drawLayout(t, dims)
		var sizes, offsets []float64
		for range dims {
			spec.Shape = append(spec.Shape, rapid.IntRange(0, 12-2*dims).Draw(t, "length"))
			sizes, offsets = append(sizes, rapid.Float64Range(0.5, 40).Draw(t, "voxel size")), append(offsets, float64(rapid.IntRange(-99, 99).Draw(t, "offset")))
		}
		spec.DType = rapid.SampledFrom(nd.DTypes()).Draw(t, "type")
		spec.Attributes = map[string]any{"voxel_size": sizes, "offset": offsets, "note": "kept"}
		src, dst := filepath.Join(root, fmt.Sprint(n), "a"), filepath.Join(root, fmt.Sprint(n), "b")
		defer os.RemoveAll(filepath.Dir(src))
		a := write(t, src, spec, random(rapid.Uint64().Draw(t, "seed"), spec.DType, spec.Shape), make([]int, dims))
		defer a.Close()
		o := drawRequest(t, dims)
		var b volume.Box
		o.Region, b = drawRegion(t, spec.Shape)
		if err := cp(src, dst, o); err != nil {
			t.Fatal(err)
		}
		c := open(t, dst)
		defer c.Close()
		sameVoxels(t, contents(t, c), contents(t, a).Crop(b.Offset, b.Shape))
		checkPlace(t, c, sizes, offsets, b)
		checkLayout(t, c, o, spec)
		if err := cp(src, dst, o); err != nil {
			t.Fatalf("again: %v", err)
		}
	})
}

func checkPlace(t tb, c *zarr.Array, sizes, offsets []float64, b volume.Box) {
	place, err := c.Spatial(zarr.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	for d := range sizes {
		if want := offsets[d] + float64(b.Offset[d])*sizes[d]; place.Offset[d] != want || place.VoxelSize[d] != sizes[d] {
			t.Fatalf("offset %v, voxel size %v, want %v, %v", place.Offset, place.VoxelSize, want, sizes)
		}
	}
	var note string
	meta := c.Metadata()
	if _, err := meta.Attribute("note", &note); err != nil || note != "kept" {
		t.Fatalf("the note is %q", note)
	}
}

func checkLayout(t tb, c *zarr.Array, o Options, from zarr.Spec) {
	m := c.Metadata()
	s := m.Spec()
	format := from.Format
	if o.Format != 0 {
		format = o.Format
	}
	if s.Format != format || o.Chunks != nil && (!slices.Equal(s.Chunks, o.Chunks) || !slices.Equal(s.Shards, o.Shards)) ||
		o.Chunks == nil && !slices.Equal(s.Chunks, from.Chunks) ||
		o.Separator != "" && s.Separator != o.Separator || o.Endian != "" && s.DType.Part().Size() > 1 && s.BigEndian != (o.Endian == "big") {
		t.Fatalf("%+v of %+v by %+v", s, from, o)
	}
	if o.WriteEmpty {
		if u, err := c.Usage(context.Background()); err != nil || u.Present != u.Total {
			t.Fatalf("%d of %d chunks are stored: %v", u.Present, u.Total, err)
		}
	}
}

// TestCopiesGoOn stops a copy at random and begins again, until it is done.
func TestCopiesGoOn(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 0))
		src, dst := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
		spec := zarr.Spec{Shape: []int{20, 21}, Chunks: []int{4, 5}, DType: nd.Uint16, Codec: "raw"}
		a := write(t, src, spec, random(seed, nd.Uint16, []int{17, 15}), []int{2, 3})
		o := Options{Chunks: []int{3, 3}, Limits: volume.Limits{Workers: 1 + r.IntN(3), Memory: 1 << 11}}
		stopped := 0
		for done := false; !done; {
			c, err := Plan(context.Background(), src, dst, o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			c.stopAfter(1+r.IntN(12), cancel)
			done = c.Run(ctx) == nil
			cancel()
			c.Close()
			if stopped++; stopped > 100 {
				t.Fatal("the copy comes to no end")
			}
		}
		if err := cp(src, dst, o); err != nil {
			t.Fatal(err)
		}
		c := open(t, dst)
		sameVoxels(t, contents(t, c), contents(t, a))
	}
}

// TestLossIsMended removes objects of a copy that is done: given again, it is whole.
func TestLossIsMended(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{20, 21}, Chunks: []int{4, 5}, DType: nd.Uint16}
	a := write(t, filepath.Join(src, "a"), spec, random(3, nd.Uint16, []int{17, 15}), []int{2, 3}) // some chunks are empty
	put(t, filepath.Join(src, "zarr.json"), `{"zarr_format": 3, "node_type": "group", "attributes": {}}`)
	o := Options{Limits: volume.Limits{Workers: 2, Memory: 1 << 10}}
	if err := cp(src, dst, o); err != nil {
		t.Fatal(err)
	}
	for _, lose := range []struct {
		names []string
		lost  int64
	}{{nil, 0}, {[]string{"a/c/1/1"}, 1}, {[]string{"a/c/2", "a/c/1/2"}, 5}, {[]string{"a/zarr.json"}, 20}, {[]string{"a"}, 20}, {nil, 0}} {
		for _, name := range lose.names {
			if err := os.RemoveAll(filepath.Join(dst, name)); err != nil {
				t.Fatal(err)
			}
		}
		c, err := Plan(context.Background(), src, dst, o)
		if err != nil {
			t.Fatal(err)
		}
		if c.Lost() != lose.lost {
			t.Errorf("without %v: %d are lost, want %d", lose.names, c.Lost(), lose.lost)
		}
		if err := errors.Join(c.Run(context.Background()), c.Close()); err != nil {
			t.Fatal(err)
		}
		copied := open(t, filepath.Join(dst, "a"))
		sameVoxels(t, contents(t, copied), contents(t, a))
	}
}

// stopAfter cancels when so many tiles were read.
func (c *Copy) stopAfter(n int, cancel func()) {
	for _, it := range c.arrays {
		it.from.Source = &stopping{Array: it.from.Stored, left: n, cancel: cancel}
	}
}

// stopping is an array whose readers are told to stop after a while.
type stopping struct {
	*zarr.Array
	mu     sync.Mutex
	left   int
	cancel func()
}

func (s *stopping) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	s.mu.Lock()
	if s.left--; s.left < 0 {
		s.cancel()
	}
	s.mu.Unlock()
	return s.Array.ReadInto(ctx, dst, offset)
}

// TestTransposedShards copies an array of which whole shards are transposed and compressed: chunks and shards keep their
// shapes.
func TestTransposedShards(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	put(t, filepath.Join(src, "zarr.json"), `{"zarr_format": 3, "node_type": "array", "shape": [9, 15], "data_type": "uint8", "fill_value": 7,
		"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 8]}}, "chunk_key_encoding": {"name": "default"},
		"codecs": [{"name": "transpose", "configuration": {"order": [1, 0]}}, {"name": "sharding_indexed", "configuration": {"chunk_shape": [8, 2],
			"codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}},
			{"name": "gzip", "configuration": {"level": 1}}]}`)
	a, values := open(t, src), random(3, nd.Uint8, []int{5, 15})
	if err := a.Write(context.Background(), []int{3, 0}, values); err != nil {
		t.Fatal(err)
	}
	if err := cp(src, dst, Options{}); err != nil {
		t.Fatal(err)
	}
	b := open(t, dst)
	sameVoxels(t, contents(t, b), contents(t, a))
	if m := b.Metadata(); !slices.Equal(m.Chunks, []int{4, 8}) || !slices.Equal(m.Inner, []int{2, 8}) || fmt.Sprint(m.Codecs) != "[sharding_indexed[transpose bytes gzip]]" {
		t.Errorf("%v in %v, %v", m.Inner, m.Chunks, m.Codecs)
	}
}

// TestOperationsWarn stacks labels of types that only floats have in common.
func TestOperationsWarn(t *testing.T) {
	dir := t.TempDir()
	paths := map[nd.DType]string{nd.Uint64: filepath.Join(dir, "a"), nd.Int64: filepath.Join(dir, "b"), nd.Uint32: filepath.Join(dir, "c")}
	for dtype, path := range paths {
		write(t, path, zarr.Spec{Shape: []int{2}, Chunks: []int{2}, DType: dtype}, nil, nil)
	}
	for other, want := range map[nd.DType]int{nd.Int64: 1, nd.Uint32: 0} {
		c, err := Plan(context.Background(), paths[nd.Uint64], filepath.Join(dir, "dst"), Options{Limits: limits(), Ops: lazy.Ops{&lazy.Stack{Path: paths[other]}}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.Warnings(); len(got) != want || want > 0 && !strings.Contains(got[0], "2^53") {
			t.Errorf("uint64 and %v: %q", other, got)
		}
	}
}
