package zarr

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/store"
)

// drawSpec draws any array that Create can make.
func drawSpec(t *rapid.T) Spec {
	dims := rapid.IntRange(0, 4).Draw(t, "dims")
	s := Spec{
		Format: rapid.IntRange(2, 3).Draw(t, "format"),
		Shape:  drawLengths(t, dims, 0, 9, "shape"),
		Chunks: drawLengths(t, dims, 1, 5, "chunks"),
		DType:  rapid.SampledFrom(nd.DTypes()).Draw(t, "dtype"),
		Codec:  rapid.SampledFrom(specCodecs).Draw(t, "codec"),
	}
	s.Fill = drawFill(t, s.DType, s.Format)
	if rapid.Bool().Draw(t, "plain") {
		return s
	}
	s.BigEndian = rapid.Bool().Draw(t, "big-endian")
	s.Separator = rapid.SampledFrom([]string{"", "/", "."}).Draw(t, "separator")
	if s.Format == 2 {
		s.NoFill = s.Fill == Fill{} && rapid.Bool().Draw(t, "no fill")
		if rapid.Bool().Draw(t, "order F") {
			s.Order = reversed(dims)
		}
		return s
	}
	s.V2Keys = rapid.Bool().Draw(t, "keys of v2")
	if rapid.Bool().Draw(t, "transposed") {
		s.Order = rapid.Permutation(slices.Sorted(slices.Values(reversed(dims)))).Draw(t, "order")
	}
	if rapid.Bool().Draw(t, "names") {
		s.DimensionNames = rapid.SliceOfN(rapid.SampledFrom([]string{"", "z", "y"}), dims, dims).Draw(t, "dimension names")
	}
	drawShards(t, &s)
	return s
}

func drawFill(t *rapid.T, dtype nd.DType, format int) Fill {
	if dtype == nd.Bool {
		return Fill{rapid.Uint64Range(0, 1).Draw(t, "fill")}
	}
	raw := rapid.SliceOfN(rapid.Byte(), dtype.Size(), dtype.Size()).Draw(t, "fill")
	f := fillFrom(raw, dtype, byteOrders[nativeEndian])
	if _, err := f.jsonV2(dtype); err != nil && format == 2 {
		return nanFill(dtype.Part())
	}
	return f
}

// drawShards adds up to three levels of shards.
func drawShards(t *rapid.T, s *Spec) {
	var shards [][]int
	shape := s.Chunks
	for range rapid.IntRange(0, 3).Draw(t, "levels of shards") {
		outer := make([]int, len(shape))
		for d, n := range drawLengths(t, len(shape), 1, 3, "chunks in a shard") {
			outer[d] = n * shape[d]
		}
		shards, shape = append([][]int{outer}, shards...), outer
	}
	if len(shards) == 0 || nd.Len(shape) > 1<<16 {
		return
	}
	s.Shards, s.SubShards = shards[0], shards[1:]
	s.Index.AtStart = rapid.Bool().Draw(t, "index at start")
	s.Index.BigEndian = rapid.Bool().Draw(t, "index big-endian")
	s.Index.Codecs = rapid.SampledFrom([][]codec.Codec{nil, {}, {codec.CRC32C(), codec.CRC32C()}}).Draw(t, "index codecs")
}

// TestSpecOfMetadata makes an array again from what its metadata says: it is the same.
func TestSpecOfMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := CreateStore(t.Context(), store.NewMemory(), "", drawSpec(t))
		if err != nil {
			t.Fatal(err)
		}
		m := a.metadata()
		b, err := CreateStore(t.Context(), store.NewMemory(), "", m.Spec())
		if err != nil {
			t.Fatal(err)
		}
		if diff := b.metadata().differs(m); diff != "" {
			t.Fatalf("made again from its metadata: %s", diff)
		}
		if !slices.Equal(m.Codecs, b.metadata().Codecs) {
			t.Fatalf("%v, not %v", b.metadata().Codecs, m.Codecs)
		}
	})
}

// TestSpecRefused asks for what no array has.
func TestSpecRefused(t *testing.T) {
	ok := func(format int) Spec {
		return Spec{Format: format, Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Uint8}
	}
	for name, spoil := range map[string]func() Spec{
		"v2 shards":     func() Spec { s := ok(2); s.Shards = []int{4, 4}; return s },
		"v2 names":      func() Spec { s := ok(2); s.DimensionNames = []string{"y", "x"}; return s },
		"v2 keys in v2": func() Spec { s := ok(2); s.V2Keys = true; return s },
		"v2 permutation": func() Spec {
			s := ok(2)
			s.Shape, s.Chunks, s.Order = []int{2, 2, 2}, []int{2, 2, 2}, []int{1, 0, 2}
			return s
		},
		"v3 without fill":  func() Spec { s := ok(3); s.NoFill = true; return s },
		"no permutation":   func() Spec { s := ok(3); s.Order = []int{0, 0}; return s },
		"short order":      func() Spec { s := ok(3); s.Order = []int{0}; return s },
		"separator":        func() Spec { s := ok(3); s.Separator = "-"; return s },
		"type":             func() Spec { s := ok(3); s.DType = nd.Complex128 + 1; return s },
		"no type":          func() Spec { s := ok(3); s.DType = nd.Invalid; return s },
		"subshards":        func() Spec { s := ok(3); s.SubShards = [][]int{{4, 4}}; return s },
		"uneven subshards": func() Spec { s := ok(3); s.Shards, s.SubShards = []int{12, 12}, [][]int{{8, 8}}; return s },
		"compressed index": func() Spec {
			s := ok(3)
			s.Shards, s.Index.Codecs = []int{4, 4}, []codec.Codec{&codec.Gzip{Level: 1}}
			return s
		},
		"filter of the other byte order": func() Spec {
			s := ok(2)
			s.DType, s.BigEndian, s.Filters = nd.Uint16, true, []codec.Codec{filterOf(t, "<u2")}
			return s
		},
		"NaN of v2": func() Spec { s := ok(2); s.DType, s.Fill = nd.Float32, Fill{0x7fc00001}; return s },
	} {
		if _, err := CreateStore(t.Context(), store.NewMemory(), "", spoil()); err == nil {
			t.Errorf("%s: created", name)
		}
	}
}

func filterOf(t *testing.T, dtype string) codec.Codec {
	t.Helper()
	c, err := codec.ParseV2([]byte(`{"id": "delta", "dtype": "`+dtype+`"}`), codec.Type{DType: nd.Uint16})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFiltersOfSpecs makes arrays with filters: in v3 they take what the machine has, in v2 what is stored.
func TestFiltersOfSpecs(t *testing.T) {
	for _, format := range []int{2, 3} {
		for _, big := range []bool{false, true} {
			s := Spec{Format: format, Shape: []int{5, 4}, Chunks: []int{2, 3}, DType: nd.Uint16}
			s.BigEndian, s.Filters = big, []codec.Codec{filterOf(t, map[bool]string{false: "<u2", true: ">u2"}[big])}
			memory := store.NewMemory()
			a, err := CreateStore(t.Context(), memory, "", s)
			if err != nil {
				t.Fatal(err)
			}
			data := count(5, 4)
			if err := a.Write(t.Context(), []int{0, 0}, data); err != nil {
				t.Fatal(err)
			}
			got, err := a.Read(t.Context(), []int{0, 0}, []int{5, 4})
			if err != nil || !bytes.Equal(got.Bytes(), data.Bytes()) {
				t.Errorf("v%d, big-endian %v: %v", format, big, err)
			}
			if again := a.Metadata(); len(again.Spec().Filters) != 1 || again.Spec().BigEndian != big {
				t.Errorf("v%d: %+v", format, again.Spec())
			}
		}
	}
}
