package zarr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"volara/fault"
	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

func create(t testing.TB, path string, spec Spec, opts ...Option) *Array {
	t.Helper()
	a, err := Create(context.Background(), path, spec, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// count returns an array that counts up from 1.
func count(shape ...int) *nd.Array {
	a := nd.New(nd.Uint16, shape...)
	for i := range nd.Values[uint16](a) {
		nd.Values[uint16](a)[i] = uint16(i + 1)
	}
	return a
}

func TestCreateWriteRead(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a.zarr", "raw")
	a := create(t, path, Spec{Shape: []int{5, 7}, Chunks: []int{2, 3}, DType: nd.Uint16})
	if err := a.Write(ctx, []int{0, 0}, count(5, 7)); err != nil {
		t.Fatal(err)
	}
	b, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Read(ctx, []int{-1, 2}, []int{3, 6})
	if err != nil {
		t.Fatal(err)
	}
	want := []uint16{0, 0, 0, 0, 0, 0, 3, 4, 5, 6, 7, 0, 10, 11, 12, 13, 14, 0}
	if !slices.Equal(nd.Values[uint16](got), want) {
		t.Fatalf("read %v, want %v", nd.Values[uint16](got), want)
	}
	if b.Path() != path {
		t.Errorf("path %q, want %q", b.Path(), path)
	}
	u, err := b.Usage(ctx)
	if err != nil || u.Present != 9 || u.Total != 9 || u.LogicalBytes != 70 || u.StoredBytes < 9 {
		t.Errorf("usage %+v, %v", u, err)
	}
}

func TestBadBoxes(t *testing.T) {
	ctx := t.Context()
	a := create(t, filepath.Join(t.TempDir(), "a"), Spec{Shape: []int{5, 7}, Chunks: []int{2, 3}, DType: nd.Uint16})
	if _, err := a.Read(ctx, []int{0}, []int{1}); err == nil {
		t.Error("read with too few dimensions")
	}
	if _, err := a.Read(ctx, []int{0, 0}, []int{1, -1}); err == nil {
		t.Error("read of a negative shape")
	}
	if err := a.ReadInto(ctx, nd.New(nd.Uint8, 2, 2), []int{0, 0}); err == nil {
		t.Error("read into another type")
	}
	for _, offset := range [][]int{{-1, 0}, {4, 0}, {0, 6}, {0}} {
		if err := a.Write(ctx, offset, nd.New(nd.Uint16, 2, 2)); err == nil {
			t.Errorf("wrote at %v", offset)
		}
	}
	if err := a.Write(ctx, []int{0, 0}, nd.New(nd.Int16, 2, 2)); err == nil {
		t.Error("wrote another type")
	}
	if err := a.Write(ctx, []int{50, 50}, nd.New(nd.Uint16, 0, 2)); err != nil {
		t.Errorf("writing nothing: %v", err)
	}
	got, err := a.Read(ctx, []int{100, -50}, []int{2, 2})
	if err != nil || !slices.Equal(nd.Values[uint16](got), make([]uint16, 4)) {
		t.Errorf("read far outside: %v, %v", got, err)
	}
}

// TestReadIntoReused reads over what an earlier read left.
func TestReadIntoReused(t *testing.T) {
	ctx := t.Context()
	a := create(t, filepath.Join(t.TempDir(), "a"), Spec{Shape: []int{3, 3}, Chunks: []int{3, 3}, DType: nd.Uint16, Fill: Fill{9}})
	dst := nd.New(nd.Uint16, 4, 4)
	for i := range nd.Values[uint16](dst) {
		nd.Values[uint16](dst)[i] = 77
	}
	if err := a.ReadInto(ctx, dst, []int{1, 1}); err != nil {
		t.Fatal(err)
	}
	if want := []uint16{9, 9, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(nd.Values[uint16](dst), want) {
		t.Errorf("read %v, want %v", nd.Values[uint16](dst), want)
	}
}

// TestCorruptChunks damages the files of chunks: the error names the file and is permanent.
func TestCorruptChunks(t *testing.T) {
	ctx := t.Context()
	for _, codec := range specCodecs {
		for _, shards := range [][]int{nil, {8, 8}} {
			path := filepath.Join(t.TempDir(), "a")
			a := create(t, path, Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, Shards: shards, DType: nd.Uint16, Codec: codec})
			if err := a.Write(ctx, []int{0, 0}, count(8, 8)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(path, "c", "0", "0")
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for name, bad := range map[string][]byte{
				"empty": {}, "short": good[:len(good)-1], "half": good[:len(good)/2], "byte": good[:1],
				"zeros": make([]byte, len(good)+3), "ones": bytes.Repeat([]byte{255}, len(good)-1), "huge": make([]byte, 4<<20),
			} {
				if err := os.WriteFile(file, bad, 0o666); err != nil {
					t.Fatal(err)
				}
				for _, view := range []*Array{a, a.With(Cached(NewCache(1 << 20)))} {
					_, err := view.Read(ctx, []int{0, 0}, []int{8, 8})
					if !fault.IsPermanent(err) || !strings.Contains(err.Error(), file) {
						t.Errorf("%s, shards %v, %s: %v", codec, shards, name, err)
					}
				}
				if err := a.Write(ctx, []int{1, 1}, count(2, 2)); !fault.IsPermanent(err) {
					t.Errorf("%s, shards %v, %s: partial write: %v", codec, shards, name, err)
				}
			}
			if err := a.Write(ctx, []int{0, 0}, count(8, 8)); err != nil {
				t.Errorf("%s: rewriting a corrupt chunk: %v", codec, err)
			}
		}
	}
}

var noCodecs = []codec.Codec{}

// FuzzChunk reads arrays whose only object is arbitrary bytes.
func FuzzChunk(f *testing.F) {
	var arrays []*Array
	for _, name := range specCodecs {
		for i, shards := range [][][]int{{{8, 8}}, {{8, 8}, {4, 4}}, {{8, 8}, {4, 4}, {2, 2}}, {{8, 8}, {4, 4}}} {
			spec := Spec{Shape: []int{8, 8}, Chunks: shards[len(shards)-1], DType: nd.Uint16, Codec: name}
			if len(shards) > 1 {
				spec.Shards, spec.SubShards = shards[0], shards[1:len(shards)-1]
			}
			if i == 3 { // the fuzzer need not find the checksum
				spec.Index.AtStart, spec.Index.Codecs = true, noCodecs
			}
			var s store.Store = store.NewMemory()
			if i == 2 {
				s = &farStore{Store: s}
			}
			a, err := CreateStore(context.Background(), s, "", spec)
			if err != nil {
				f.Fatal(err)
			}
			if err := a.Write(context.Background(), []int{0, 0}, count(8, 8)); err != nil {
				f.Fatal(err)
			}
			object, err := s.Get(context.Background(), "c/0/0")
			if err != nil {
				f.Fatal(err)
			}
			f.Add(object, len(arrays))
			arrays = append(arrays, a)
		}
	}
	f.Fuzz(func(t *testing.T, object []byte, which int) {
		a := arrays[max(which, 0)%len(arrays)]
		if err := a.store.Put(t.Context(), "c/0/0", object); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(t.Context(), []int{0, 0}, []int{8, 8}); err != nil && !fault.IsPermanent(err) {
			t.Fatalf("not permanent: %v", err)
		}
	})
}

// TestSharedChunks writes parts of the same chunks from several open arrays at once; none may be lost.
func TestSharedChunks(t *testing.T) {
	for _, shards := range [][]int{nil, {16, 16}} {
		ctx, path := t.Context(), filepath.Join(t.TempDir(), "a")
		spec := Spec{Shape: []int{16, 16}, Chunks: []int{8, 8}, Shards: shards, DType: nd.Uint16}
		create(t, path, spec)
		var wg sync.WaitGroup
		for row := range 16 {
			a, err := Open(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				for col := range 16 {
					if err := a.Write(ctx, []int{row, col}, nd.From([]uint16{uint16(16*row + col + 1)}, 1, 1)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got, err := create(t, path, spec).Read(ctx, []int{0, 0}, []int{16, 16})
		if err != nil || !bytes.Equal(got.Bytes(), count(16, 16).Bytes()) {
			t.Errorf("shards %v: lost updates: %v, %v", shards, nd.Values[uint16](got), err)
		}
	}
}

// TestAllFillChunks stores chunks that hold nothing but the fill value, unless told otherwise.
func TestAllFillChunks(t *testing.T) {
	ctx := t.Context()
	spec := Spec{Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Uint16, Fill: Fill{5}}
	fives := nd.From(slices.Repeat([]uint16{5}, 16), 4, 4)
	a := create(t, filepath.Join(t.TempDir(), "a"), spec)
	if err := a.Write(ctx, []int{0, 0}, fives); err != nil {
		t.Fatal(err)
	}
	if u, err := a.Usage(ctx); u.Present != 4 || u.Total != 4 || err != nil {
		t.Errorf("%d of %d chunks stored, %v", u.Present, u.Total, err)
	}
	if err := a.With(Sparse()).Write(ctx, []int{0, 0}, fives); err != nil {
		t.Fatal(err)
	}
	if u, err := a.Usage(ctx); u.StoredBytes != 0 || err != nil {
		t.Errorf("%d bytes stored, %v", u.StoredBytes, err)
	}
	got, err := a.Read(ctx, []int{0, 0}, []int{4, 4})
	if err != nil || !bytes.Equal(got.Bytes(), fives.Bytes()) {
		t.Errorf("read %v, %v", got, err)
	}
	required := a.With(Required())
	if _, err := required.Read(ctx, []int{0, 0}, []int{4, 4}); !errors.Is(err, ErrMissingChunk) || fault.IsPermanent(err) {
		t.Errorf("a missing chunk that is required: %v", err)
	}
	if err := required.Write(ctx, []int{0, 0}, count(1, 1)); err != nil {
		t.Errorf("first part of a chunk: %v", err)
	}
}

func TestRepeatedWriteIsIdentical(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a")
	for _, codec := range specCodecs {
		a := create(t, filepath.Join(path, codec), Spec{Shape: []int{9, 9}, Chunks: []int{4, 4}, Shards: []int{8, 8}, DType: nd.Uint16, Codec: codec}, In(store.Options{LocalOptions: store.LocalOptions{Sync: true}}))
		var first []byte
		for range 3 {
			if err := a.Write(ctx, []int{0, 0}, count(9, 9)); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(path, codec, "c", "0", "0"))
			if err != nil || first != nil && !bytes.Equal(data, first) {
				t.Errorf("%s: another file the second time, %v", codec, err)
			}
			first = data
		}
	}
}

func TestCreateAgain(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a")
	spec := Spec{
		Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Float32, Fill: FillOf(float32(1.5)), Codec: "blosc",
		Attributes: map[string]any{"voxel_size": []int{4, 4}}, DimensionNames: []string{"y", "x"},
	}
	a := create(t, path, spec)
	if err := a.SetAttributes(ctx, map[string]any{"more": true}); err != nil {
		t.Fatal(err)
	}
	create(t, path, spec)
	for what, change := range map[string]func(*Spec){
		"format":          func(s *Spec) { s.Format, s.DimensionNames = 2, nil },
		"shape":           func(s *Spec) { s.Shape = []int{4, 5} },
		"chunk shape":     func(s *Spec) { s.Chunks = []int{4, 2} },
		"data type":       func(s *Spec) { s.DType = nd.Float64 },
		"fill value":      func(s *Spec) { s.Fill = Fill{} },
		"codec":           func(s *Spec) { s.Codec = "zstd" },
		"inner":           func(s *Spec) { s.Shards, s.Chunks = []int{2, 2}, []int{1, 1} },
		"attribute":       func(s *Spec) { s.Attributes = map[string]any{"voxel_size": []int{4, 5}} },
		"dimension names": func(s *Spec) { s.DimensionNames = []string{"z", "x"} },
	} {
		other := spec
		change(&other)
		_, err := Create(ctx, path, other)
		if !errors.Is(err, ErrExists) || !fault.IsPermanent(err) || !strings.Contains(err.Error(), what) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "notes.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(ctx, full, spec); !errors.Is(err, ErrExists) {
		t.Errorf("over a directory with other files: %v", err)
	}
	if _, err := Create(ctx, filepath.Join(full, "notes.txt"), spec); !errors.Is(err, ErrExists) {
		t.Errorf("over a file: %v", err)
	}
	corrupt := t.TempDir()
	if err := os.WriteFile(filepath.Join(corrupt, "zarr.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(ctx, corrupt, spec); !errors.Is(err, ErrExists) || !fault.IsPermanent(err) {
		t.Errorf("over corrupt metadata: %v", err)
	}
}

// TestCreateAfterCrash creates where a Create that was killed left its first file.
func TestCreateAfterCrash(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{".zattrs", "..zarray.1x.partial"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	create(t, path, Spec{Format: 2, Shape: []int{4}, Chunks: []int{2}, DType: nd.Bool, Attributes: map[string]any{"a": 1}})
}

func TestBadSpecs(t *testing.T) {
	for name, s := range map[string]Spec{
		"format":    {Format: 4, Shape: []int{1}, Chunks: []int{1}, DType: nd.Bool},
		"dtype":     {Shape: []int{1}, Chunks: []int{1}},
		"dims":      {Shape: []int{1}, Chunks: []int{1, 1}, DType: nd.Bool},
		"chunks":    {Shape: []int{1}, Chunks: []int{0}, DType: nd.Bool},
		"shape":     {Shape: []int{-1}, Chunks: []int{1}, DType: nd.Bool},
		"codec":     {Shape: []int{1}, Chunks: []int{1}, DType: nd.Bool, Codec: "lzma"},
		"shards":    {Shape: []int{1}, Chunks: []int{2}, Shards: []int{3}, DType: nd.Bool},
		"v2 shards": {Format: 2, Shape: []int{1}, Chunks: []int{1}, Shards: []int{1}, DType: nd.Bool},
		"v2 names":  {Format: 2, Shape: []int{1}, Chunks: []int{1}, DimensionNames: []string{"x"}, DType: nd.Bool},
		"names":     {Shape: []int{1}, Chunks: []int{1}, DimensionNames: []string{"x", "y"}, DType: nd.Bool},
		"fill":      {Shape: []int{1}, Chunks: []int{1}, DType: nd.Uint8, Fill: Fill{256}},
		"attribute": {Shape: []int{1}, Chunks: []int{1}, DType: nd.Bool, Attributes: map[string]any{"f": func() {}}},
		"size":      {Shape: []int{1}, Chunks: []int{1 << 32}, DType: nd.Bool},
	} {
		path := filepath.Join(t.TempDir(), "a")
		if _, err := Create(t.Context(), path, s); !fault.IsPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: left something behind", name)
		}
	}
}

func TestSetAttributes(t *testing.T) {
	ctx := t.Context()
	for _, format := range []int{2, 3} {
		path := filepath.Join(t.TempDir(), "a")
		a := create(t, path, Spec{Format: format, Shape: []int{4}, Chunks: []int{2}, DType: nd.Bool})
		if err := a.SetAttributes(ctx, map[string]any{"a": 1, "b": []string{"x"}}); err != nil {
			t.Fatal(err)
		}
		if err := a.SetAttributes(ctx, map[string]any{"a": nil, "c": uint64(1<<64 - 1)}); err != nil {
			t.Fatal(err)
		}
		b, err := Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []Metadata{a.Metadata(), b.Metadata()} {
			var c uint64
			ok, err := m.Attribute("c", &c)
			if len(m.Attributes) != 2 || !ok || err != nil || c != 1<<64-1 || !pyjson.Same(m.Attributes["b"], []byte(`["x"]`)) {
				t.Errorf("v%d: %s, %v", format, m.Attributes, err)
			}
			if ok, err := m.Attribute("b", &c); !ok || err == nil {
				t.Error("decoded an attribute of another type")
			}
			if ok, _ := m.Attribute("d", &c); ok {
				t.Error("found an attribute that is not there")
			}
		}
		if err := a.SetAttributes(ctx, map[string]any{"f": func() {}}); err == nil {
			t.Error("set what JSON does not have")
		}
	}
}

// TestSetAttributesAtOnce sets attributes through arrays that know nothing of each other: none is lost.
func TestSetAttributesAtOnce(t *testing.T) {
	for format := 2; format <= 3; format++ {
		path := filepath.Join(t.TempDir(), "g", "a")
		create(t, path, Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8, Format: format})
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				text := path
				if w%2 == 1 {
					text = filepath.Dir(path) + belowGroup + "a"
				}
				a, err := openEither(t.Context(), text)
				for i := 0; i < 10 && err == nil; i++ {
					err = a.SetAttributes(t.Context(), map[string]any{fmt.Sprintf("%d of %d", i, w): true})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if a, err := Open(t.Context(), path); err != nil || len(a.Metadata().Attributes) != 80 {
			t.Errorf("zarr v%d: %d attributes of 80, %v", format, len(a.Metadata().Attributes), err)
		}
	}
}

// TestSetAttributesOfNothing sets attributes of an array that was removed.
func TestSetAttributesOfNothing(t *testing.T) {
	s := store.NewMemory()
	a, err := CreateStore(t.Context(), s, "a/", Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8})
	if err == nil {
		err = s.Delete(t.Context(), "a/zarr.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAttributes(t.Context(), map[string]any{"x": 1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	for e := range s.List(t.Context(), "") {
		t.Errorf("%s was written", e.Key)
	}
}

func TestRemove(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	path := filepath.Join(dir, "g.zarr", "a")
	a := create(t, path, Spec{Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint16})
	if err := Remove(ctx, filepath.Dir(path)); !fault.IsPermanent(err) {
		t.Errorf("removing what is no array: %v", err)
	}
	for range 2 {
		if err := Remove(ctx, path); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Write(ctx, []int{0}, count(4)); err == nil {
		t.Error("wrote into a removed array")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestNotFound says what is there instead.
func TestNotFound(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	group := filepath.Join(dir, "g.zarr")
	create(t, filepath.Join(group, "raw"), Spec{Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint16})
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("v3.zarr/zarr.json", `{"zarr_format": 3, "node_type": "group"}`)
	write("v2.zarr/.zgroup", `{"zarr_format": 2}`)
	write("n5/attributes.json", `{}`)
	write("pre/info", `{}`)
	for path, want := range map[string]string{
		filepath.Join(group, "row"):              "nothing is there; " + group + " has the arrays raw",
		group:                                    "without zarr metadata is there; " + group + " has the arrays raw",
		filepath.Join(dir, "v3.zarr"):            "a zarr v3 group",
		filepath.Join(dir, "v2.zarr"):            "a zarr v2 group",
		filepath.Join(dir, "n5"):                 "N5",
		filepath.Join(dir, "pre"):                "precomputed",
		write("x.h5", ""):                        "HDF5",
		write("x.txt", ""):                       "a file is there",
		filepath.Join(dir, "x.txt", "a"):         "array",
		filepath.Join(dir, "no", "such", "path"): "nothing is there",
	} {
		_, err := Open(ctx, path)
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	for path, want := range map[string]string{write("x.zip", ""): "no zip file", "gs://bucket/a": "gs"} {
		if _, err := Open(ctx, path); !fault.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestBothFormats(t *testing.T) {
	path := t.TempDir()
	create(t, path, Spec{Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint16})
	if err := os.WriteFile(filepath.Join(path, ".zarray"), []byte(goodV2), 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if m := a.Metadata(); m.Format != 3 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "both") {
		t.Errorf("%+v", m)
	}
}

// TestCacheLoadsOnce reads one chunk from many goroutines.
func TestCacheLoadsOnce(t *testing.T) {
	c, loads := NewCache(1000), atomic.Int32{}
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			data, err := c.get(t.Context(), cacheKey{"a", "c/0", pieceKey{}}, 10, filled(10, func(dst []byte) error {
				loads.Add(1)
				<-start
				dst[0] = 7
				return nil
			}))
			if err != nil || data[0] != 7 {
				t.Errorf("%v, %v", data, err)
			}
		})
	}
	for loads.Load() == 0 {
	}
	close(start)
	wg.Wait()
	if loads.Load() != 1 || c.Bytes() != 10 {
		t.Errorf("loaded %d times, %d bytes kept", loads.Load(), c.Bytes())
	}
}

func TestCacheLimitAndErrors(t *testing.T) {
	c, ctx := NewCache(100), t.Context()
	get := func(ctx context.Context, i, size int, err error) (loaded bool, got error) {
		_, got = c.get(ctx, cacheKey{"a", fmt.Sprint(i), pieceKey{}}, size, filled(size, func([]byte) error {
			loaded = true
			return err
		}))
		return loaded, got
	}
	for i := range 20 {
		if loaded, err := get(ctx, i, 30, nil); !loaded || err != nil {
			t.Fatal(loaded, err)
		}
		if c.Bytes() > 100 {
			t.Fatalf("%d bytes kept", c.Bytes())
		}
	}
	if loaded, _ := get(ctx, 19, 30, nil); loaded {
		t.Error("the last chunk was not kept")
	}
	if loaded, _ := get(ctx, 0, 30, nil); !loaded {
		t.Error("the first chunk was kept")
	}
	for range 2 {
		if loaded, _ := get(ctx, 50, 101, nil); !loaded {
			t.Error("a chunk larger than the cache was kept")
		}
		if loaded, err := get(ctx, 51, 10, store.ErrNotExist); !loaded || !errors.Is(err, store.ErrNotExist) {
			t.Error("a missing chunk was kept")
		}
	}
	c.forget("a", "19")
	if loaded, _ := get(ctx, 19, 30, nil); !loaded {
		t.Error("a forgotten chunk was kept")
	}
}

// filled makes a load of so many bytes.
func filled(size int, fill func(dst []byte) error) func() ([]byte, error) {
	return func() ([]byte, error) {
		dst := make([]byte, size)
		return dst, fill(dst)
	}
}

// TestCacheCancelledLoader cancels the reader that loads a chunk; the one that waits loads it itself, and one that may not
// wait has loaded it before.
func TestCacheCancelledLoader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, key := NewCache(1000), cacheKey{"a", "c/0", pieceKey{}}
		cancel, loads := make(chan struct{}), 0
		load := filled(10, func([]byte) error {
			loads++
			return nil
		})
		go func() {
			_, err := c.get(t.Context(), key, 10, filled(10, func([]byte) error {
				<-cancel
				return context.Canceled
			}))
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
		synctest.Wait()
		go func() {
			if _, err := c.get(t.Context(), key, 10, load); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if loads != 0 {
			t.Error("the second reader does not wait for the first")
		}
		if _, err := c.getAlone(key, 10, load); err != nil || loads != 1 || c.Bytes() != 0 {
			t.Errorf("%v: %d loads, %d bytes are kept", err, loads, c.Bytes())
		}
		close(cancel)
		synctest.Wait()
		if loads != 2 || c.Bytes() != 10 {
			t.Errorf("%d loads, %d bytes are kept", loads, c.Bytes())
		}
	})
}

func TestCacheStats(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a")
	a := create(t, path, Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: nd.Uint16})
	if err := a.Write(ctx, []int{0, 0}, count(8, 8)); err != nil {
		t.Fatal(err)
	}
	c := NewCache(3 * 4 * 4 * 2) // three chunks
	cached := a.With(Cached(c), Parallel(1))
	read := func(offset, shape []int) {
		t.Helper()
		if _, err := cached.Read(ctx, offset, shape); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s != (CacheStats{}) || s.HitRate() != 0 || s.Overhead() != 0 {
		t.Errorf("before anything was read: %+v", s)
	}
	read([]int{0, 0}, []int{4, 6}) // two chunks, the second in part
	read([]int{3, 3}, []int{2, 2}) // all four
	want := CacheStats{Hits: 2, Misses: 4, Evictions: 1, Decoded: 4 * 32, Used: 2*24 + 2*4}
	if s := c.Stats(); s != want || s.HitRate() != 1.0/3 || s.Overhead() != 128.0/56 {
		t.Errorf("%+v, want %+v", s, want)
	}
	read([]int{-3, -3}, []int{2, 2}) // outside
	if s := c.Stats(); s != want {
		t.Errorf("nothing was read, but %+v", s)
	}
}
