package zarr

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

const goodV3 = `{
	"zarr_format": 3, "node_type": "array", "shape": [10, 20], "data_type": "uint16",
	"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [5, 10]}},
	"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
	"fill_value": 65535,
	"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd", "configuration": {"level": 1, "checksum": false}}],
	"attributes": {"voxel_size": [4, 4]}, "dimension_names": ["y", null], "storage_transformers": []
}`

const goodV2 = `{
	"zarr_format": 2, "shape": [10, 20], "chunks": [5, 10], "dtype": "<u2", "fill_value": 1, "order": "C",
	"filters": null, "compressor": {"id": "zstd", "level": 1}, "dimension_separator": "/"
}`

// with returns a metadata file with one field replaced; the value "" removes it.
func with(t testing.TB, doc, field, value string) []byte {
	t.Helper()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(doc), &fields); err != nil {
		t.Fatal(err)
	}
	if fields = maps.Clone(fields); value == "" {
		delete(fields, field)
	} else {
		fields[field] = json.RawMessage(value)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("%s: %s: %v", field, value, err)
	}
	return data
}

// TestBadMetadata spoils one field at a time: the error names the file, the field and what is wrong or supported.
func TestBadMetadata(t *testing.T) {
	for _, c := range []struct{ doc, field, value, want string }{
		{goodV3, "zarr_format", ``, "missing"},
		{goodV3, "zarr_format", `4`, "supported is 3"},
		{goodV3, "zarr_format", `"3"`, "integer"},
		{goodV3, "node_type", `"table"`, `"array"`},
		{goodV3, "shape", ``, "missing"},
		{goodV3, "shape", `[10]`, "chunk_shape"},
		{goodV3, "shape", `[10, -1]`, "-1 is below 0"},
		{goodV3, "shape", `[10, 2.5]`, "list of integers"},
		{goodV3, "shape", `[10, 1e30]`, "list of integers"},
		{goodV3, "shape", `[4611686018427387904, 4611686018427387904]`, "more than can be addressed"},
		{goodV3, "shape", `[0, 9223372036854775807]`, "together they are more than"},
		{goodV3, "shape", `[1, 4611686018427387894]`, "together they are more than"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [1, 9223372036854775807]}}`, "more than can be addressed"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [1099511627776, 1099511627776]}}`, "more than can be addressed"},
		{goodV2, "shape", `[0, 9223372036854775807]`, "together they are more than"},
		{goodV3, "shape", `null`, "list of integers"},
		{goodV3, "data_type", ``, "float64"},
		{goodV3, "data_type", `"complex256"`, "complex128"},
		{goodV3, "data_type", `{"name": "numpy.datetime64", "configuration": {"unit": "s"}}`, "numpy.datetime64"},
		{goodV3, "data_type", `7`, "data_type"},
		{goodV3, "chunk_grid", ``, "missing"},
		{goodV3, "chunk_grid", `{"name": "rectilinear", "configuration": {}}`, "regular"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [5, 0]}}`, "0 is below 1"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {}}`, "chunk_shape"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [5]}}`, "chunk_shape"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [1000000, 1000000]}}`, "2147483647"},
		{goodV3, "chunk_key_encoding", `{"name": "hashed"}`, `"v2"`},
		{goodV3, "chunk_key_encoding", `{"name": "default", "configuration": {"separator": "-"}}`, `"/"`},
		{goodV3, "fill_value", ``, "missing"},
		{goodV3, "fill_value", `null`, "null"},
		{goodV3, "fill_value", `65536`, "uint16"},
		{goodV3, "fill_value", `-1`, "uint16"},
		{goodV3, "fill_value", `1.5`, "uint16"},
		{goodV3, "fill_value", `"NaN"`, "uint16"},
		{goodV3, "fill_value", `true`, "uint16"},
		{goodV3, "fill_value", `1e999999999`, "uint16"},
		{goodV3, "codecs", ``, "missing"},
		{goodV3, "codecs", `[]`, "bytes"},
		{goodV3, "codecs", `[{"name": "zstd"}]`, "zstd"},
		{goodV3, "codecs", `["bytes", "bytes"]`, "endian"},
		{goodV3, "codecs", `[{"name": "bytes", "configuration": {"endian": "middle"}}]`, "little"},
		{goodV3, "codecs", `[{"name": "bytes", "configuration": {"endian": "big", "x": 1}}]`, "endian"},
		{goodV3, "codecs", `[{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "lzma"}]`, "blosc"},
		{goodV3, "codecs", `[{"name": "transpose", "configuration": {"order": [0, 0]}}]`, "permutation"},
		{goodV3, "codecs", `[{"name": "transpose", "configuration": {"order": [0]}}]`, "permutation"},
		{goodV3, "codecs", `[{"name": "transpose", "configuration": {}}]`, "order"},
		{goodV3, "codecs", `[{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "transpose", "configuration": {"order": [0, 1]}}]`, "transpose"},
		{goodV3, "codecs", `[{"name": "sharding_indexed", "configuration": {"chunk_shape": [3, 5]}}]`, "divide"},
		{goodV3, "codecs", `[{"name": "sharding_indexed", "configuration": {"chunk_shape": [5], "codecs": []}}]`, "chunk_shape"},
		{goodV3, "codecs", `[{"name": "sharding_indexed", "configuration": {"chunk_shape": [5, 5], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}]}}]`, "crc32c"},
		{goodV3, "codecs", `[7]`, "codecs"},
		{goodV3, "codecs", `[{"name": "bytes", "config": {}}]`, "configuration"},
		{goodV3, "shape", `[10, null]`, "list of integers"},
		{goodV3, "data_type", `"r24"`, "raw bits"},
		{goodV3, "data_type", `"string"`, "strings"},
		{goodV3, "data_type", `{"name": "fixed_length_utf32", "configuration": {"length_bytes": 8}}`, "strings"},
		{goodV3, "data_type", `{"name": "uint16", "configuration": {"unit": "s"}}`, "unit"},
		{goodV3, "data_type", `{"name": "int2", "must_understand": false}`, "int2"},
		{goodV3, "chunk_grid", `{"name": "rectangular", "must_understand": false}`, "rectangular"},
		{goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [5, 10], "x": 1}}`, "chunk_shape"},
		{goodV3, "chunk_key_encoding", `{"name": "fanout", "must_understand": false}`, "fanout"},
		{goodV3, "codecs", `[{"name": "zfp", "must_understand": 7}]`, "must_understand"},
		{goodV3, "codecs", `[{"name": "gzip", "configuration": {"level": 99}, "must_understand": false}]`, "99"},
		{goodV3, "codecs", `[{"name": "numcodecs.delta", "configuration": {"dtype": "<f8"}}, {"name": "bytes", "configuration": {"endian": "little"}}]`, "float64"},
		{goodV3, "codecs", `[{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "numcodecs.delta", "configuration": {"dtype": "<u2"}}]`, "already"},
		{goodV3, "codecs", `[{"name": "numcodecs.delta", "configuration": {"dtype": "<u2"}}]`, "bytes"},
		{goodV3, "codecs", `[` + strings.Repeat(`{"name": "sharding_indexed", "configuration": {"chunk_shape": [5, 10], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "codecs": [`, 9) + `"crc32c"` + strings.Repeat(`]}}`, 9) + `]`, "more than 8"},
		{goodV3, "codecs", `[{"name": "sharding_indexed", "configuration": {"chunk_shape": [5, 5], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "index_codecs": [{"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 1, 1],
			"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}}]}}]`, "fixed"},
		{goodV3, "codecs", `[{"name": "numcodecs.delta", "configuration": {"dtype": "<u2", "astype": "|i1"}}, {"name": "sharding_indexed", "configuration": {}}]`, "int8"},
		{goodV3, "attributes", `[]`, "object"},
		{goodV3, "dimension_names", `["y"]`, "dimensions"},
		{goodV3, "dimension_names", `"yx"`, "list"},
		{goodV3, "storage_transformers", `[{"name": "chunk-manifest-json"}]`, "chunk-manifest-json"},
		{goodV3, "storage_transformers", `[{"name": "a", "must_understand": false}, "b"]`, "storage_transformers[1]"},
		{goodV3, "magic", `{"name": "x"}`, "magic"},
		{goodV3, "magic", `{"name": "x", "must_understand": true}`, "magic"},
		{goodV2, "zarr_format", `3`, "supported is 2"},
		{goodV2, "shape", `"10"`, "list of integers"},
		{goodV2, "shape", `[10, 20, 30]`, "chunks"},
		{goodV2, "chunks", ``, "missing"},
		{goodV2, "chunks", `[5, 0]`, "below 1"},
		{goodV2, "chunks", `[5, -5]`, "below 0"},
		{goodV2, "chunks", `[100000, 100000]`, "2147483647"},
		{goodV2, "dtype", ``, "dtype"},
		{goodV2, "dtype", `"u2"`, "f8"},
		{goodV2, "dtype", `"|u2"`, "f8"},
		{goodV2, "dtype", `"<S7"`, "strings"},
		{goodV2, "dtype", `"<c32"`, "c16"},
		{goodV2, "dtype", `"<M8[ns]"`, "dates"},
		{goodV2, "dtype", `"|O"`, "objects"},
		{goodV2, "dtype", `[["a", "<u2"]]`, "structured"},
		{goodV2, "fill_value", ``, "missing"},
		{goodV2, "fill_value", `"abc"`, "uint16"},
		{goodV2, "order", `"K"`, `"F"`},
		{goodV2, "order", ``, "missing"},
		{goodV2, "filters", `[{"id": "zfpy", "dtype": "<u2"}]`, "zfpy"},
		{goodV2, "filters", `[{"id": "delta", "dtype": "<M8"}]`, "<M8"},
		{goodV2, "filters", `[{"id": "delta", "dtype": 3}]`, "delta"},
		{goodV2, "filters", `[3]`, "filters"},
		{goodV2, "compressor", ``, "missing"},
		{goodV2, "compressor", `{"id": "zfpy"}`, "blosc"},
		{goodV2, "compressor", `"zstd"`, "compressor"},
		{goodV2, "dimension_separator", `"_"`, `"/"`},
	} {
		name := "zarr.json"
		if c.doc == goodV2 {
			name = ".zarray"
		}
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, with(t, c.doc, c.field, c.value), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), dir)
		switch {
		case err == nil:
			t.Errorf("%s with %s: %s was opened", name, c.field, c.value)
		case !fault.IsPermanent(err):
			t.Errorf("%s: %s: not permanent: %v", c.field, c.value, err)
		case !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %s: %v, want %q", c.field, c.value, err, c.want)
		case !strings.Contains(err.Error(), c.field) && c.field != "shape":
			t.Errorf("%s: %s: does not name the field: %v", c.field, c.value, err)
		}
	}
}

// TestMetadataNotJSON opens files that are cut off or hold something else.
func TestMetadataNotJSON(t *testing.T) {
	for _, name := range []string{"zarr.json", ".zarray"} {
		for _, content := range []string{"", "{", "[]", "3", "null", goodV3[:60], goodV3 + "x", "\x00\x01"} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), dir); !fault.IsPermanent(err) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s holding %q: %v", name, content, err)
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".zarray"), []byte(goodV2), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".zattrs"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); !fault.IsPermanent(err) || !strings.Contains(err.Error(), ".zattrs") {
		t.Errorf("cut off .zattrs: %v", err)
	}
}

func TestGoodMetadata(t *testing.T) {
	m, err := parseV3("zarr.json", []byte(goodV3))
	if err != nil {
		t.Fatal(err)
	}
	if m.Fill != FillOf(uint16(65535)) || m.DimensionNames[0] != "y" || m.DimensionNames[1] != "" || m.Chunks[1] != 10 ||
		strings.Join(m.Codecs, " ") != "bytes zstd" || m.keys.key([]int{1, 2}) != "c/1/2" {
		t.Errorf("%+v", m)
	}
	for _, c := range []struct{ field, value string }{
		{"magic", `{"must_understand": false}`},
		{"codecs", `[{"name": "transpose", "configuration": {"order": "F"}}, {"name": "bytes", "configuration": {"endian": "big"}}, "crc32c"]`},
		{"chunk_key_encoding", `"default"`},
		{"data_type", `{"name": "uint16"}`},
		{"dimension_names", `null`},
		{"attributes", ``},
		{"shape", `[0, 0]`},
		{"attributes", `{"nan": "NaN"}`},
		{"codecs", `[{"name": "bytes", "configuration": {"endian": "big", "note": {"must_understand": false}}}]`},
		{"codecs", `[{"name": "bytes", "configuration": {"endian": "big"}, "note": {"must_understand": false}}]`},
		{"codecs", `[{"name": "future", "must_understand": false}, {"name": "bytes", "configuration": {"endian": "big"}}, {"name": "gzip", "configuration": {"level": 1, "x": {"must_understand": false}}}]`},
		{"chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [50, 100], "x": {"must_understand": false}}}`},
		{"storage_transformers", `[{"name": "a", "must_understand": false}]`},
		{"codecs", `[{"name": "numcodecs.delta", "configuration": {"dtype": "<u2", "astype": "|i1"}}, "bytes"]`},
		{"consolidated_metadata", `null`},
		{"consolidated_metadata", `{"kind": "inline", "must_understand": false, "metadata": {}}`},
	} {
		if _, err := parseV3("zarr.json", with(t, goodV3, c.field, c.value)); err != nil {
			t.Errorf("%s: %s: %v", c.field, c.value, err)
		}
	}
	for _, c := range []struct{ field, value string }{
		{"fill_value", `null`}, {"fill_value", `1.0`}, {"order", `"F"`}, {"compressor", `null`}, {"filters", `[]`},
		{"dimension_separator", ``}, {"filters", ``}, {"extra", `1`}, {"dtype", `">u2"`},
	} {
		if _, err := parseV2(".zarray", with(t, goodV2, c.field, c.value), "", nil); err != nil {
			t.Errorf("%s: %s: %v", c.field, c.value, err)
		}
	}
	pythonNaN := strings.Replace(strings.Replace(goodV2, `"<u2"`, `"<f4"`, 1), `"fill_value": 1`, `"fill_value": NaN`, 1)
	m, err = parseV2(".zarray", []byte(pythonNaN), ".zattrs", []byte(`{"a\"": [NaN, -Infinity, "NaN \" Infinity"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if m.Fill != (Fill{0x7fc00000}) || string(pyjson.Strict(m.Attributes[`a"`])) != `["NaN", "-Infinity", "NaN \" Infinity"]` {
		t.Errorf("fill %#x, attributes %s", m.Fill, m.Attributes)
	}
}

// TestHalf converts every half-precision number there and back, and everything between two neighbours to the nearer.
func TestHalf(t *testing.T) {
	for h := range uint16(0x7c00) {
		lo := nd.HalfToFloat(h)
		if got := nd.FloatToHalf(lo); got != h {
			t.Fatalf("%#x = %v became %#x", h, lo, got)
		}
		if got := nd.FloatToHalf(-lo); got != h|0x8000 {
			t.Fatalf("-%#x = %v became %#x", h, -lo, got)
		}
		if h == 0x7bff {
			break
		}
		hi := nd.HalfToFloat(h + 1)
		even := h + h&1
		for _, c := range []struct {
			v    float64
			want uint16
		}{{lo + (hi-lo)*0.49, h}, {lo + (hi-lo)*0.51, h + 1}, {lo + (hi-lo)/2, even}} {
			if got := nd.FloatToHalf(c.v); got != c.want {
				t.Fatalf("%v became %#x, want %#x", c.v, got, c.want)
			}
		}
	}
	if nd.FloatToHalf(65519) != 0x7bff || nd.FloatToHalf(65520) != 0x7c00 || !math.IsNaN(nd.HalfToFloat(0x7e00)) {
		t.Error("the largest numbers")
	}
}

func FuzzMetadataV3(f *testing.F) {
	f.Add([]byte(goodV3))
	f.Add(with(f, goodV3, "codecs", `[{"name": "sharding_indexed", "configuration": {"chunk_shape": [5, 5], "index_location": "start",
		"codecs": [{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "blosc"}], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, "crc32c"]}}]`))
	f.Add(with(f, goodV3, "codecs", `[{"name": "transpose", "configuration": {"order": [1, 0]}}, "bytes", "crc32c", {"name": "gzip", "configuration": {"level": 1}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseV3("zarr.json", data)
		checkParsed(t, m, err)
	})
}

func FuzzMetadataV2(f *testing.F) {
	f.Add([]byte(goodV2), []byte(`{"voxel_size": [1, NaN]}`))
	f.Add(with(f, goodV2, "compressor", `{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, data, attrs []byte) {
		m, err := parseV2(".zarray", data, ".zattrs", attrs)
		checkParsed(t, m, err)
	})
}

// checkParsed holds for whatever a metadata decoder makes of arbitrary bytes.
func checkParsed(t *testing.T, m *Metadata, err error) {
	if err != nil {
		if !fault.IsPermanent(err) {
			t.Fatalf("not permanent: %v", err)
		}
		return
	}
	if len(m.Shape) != len(m.Chunks) || len(m.Chunks) != len(m.Inner) || m.layout.size() < 0 || m.pieceBytes() > maxChunkBytes {
		t.Fatalf("accepted %+v", m)
	}
	if _, err := parseFill(m.Fill.json(m.DType), m.DType); err != nil {
		t.Fatal(err)
	}
	p, err := placementOf(m, nil, Overrides{})
	if err == nil {
		if s, err := p.resolve(len(m.Shape)); err == nil && len(s.VoxelSize)+s.ChannelAxes != len(m.Shape) {
			t.Fatalf("%v of an array of %d axes", s, len(m.Shape))
		}
	}
	if m.pieceBytes() < 1<<16 {
		dst := make([]byte, m.layout.size()&0xffff)
		if len(dst) == m.layout.size() {
			m.layout.decode(dst, []byte("nonsense")) //nolint:errcheck // must only not panic
		}
	}
}

// TestLongestAxis reads at the end of an axis that is as long as one can be, and counts what is stored.
func TestLongestAxis(t *testing.T) {
	const end = maxLength - 64
	for _, shards := range [][]int{nil, {64}} {
		a, err := CreateStore(t.Context(), store.NewMemory(), "", Spec{Shape: []int{end}, Chunks: []int{8}, Shards: shards, DType: nd.Uint8, Fill: FillOf(uint8(7))})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Write(t.Context(), []int{end - 2}, nd.From([]uint8{1, 2}, 2)); err != nil {
			t.Fatal(err)
		}
		got, err := a.Read(t.Context(), []int{end - 3}, []int{5})
		if err != nil || !slices.Equal(got.Bytes(), []byte{7, 1, 2, 0, 0}) {
			t.Errorf("%v %v", got, err)
		}
		objects := 8
		if shards != nil {
			objects = 64
		}
		if u, err := a.Usage(t.Context()); err != nil || u.Present != 1 || u.Total != (end+objects-1)/objects || u.LogicalBytes != end {
			t.Errorf("%+v %v", u, err)
		}
	}
}
