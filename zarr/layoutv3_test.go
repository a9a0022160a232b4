package zarr

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/store"
)

const (
	bytesLE = `{"name": "bytes", "configuration": {"endian": "little"}}`
	bytesBE = `{"name": "bytes", "configuration": {"endian": "big"}}`
)

// sharded returns the codec of a shard of two-dimensional chunks.
func sharded(chunk, codecs, index, location string) string {
	return fmt.Sprintf(`{"name": "sharding_indexed", "configuration": {"chunk_shape": %s, "codecs": [%s], "index_codecs": [%s], "index_location": %q}}`,
		chunk, codecs, index, location)
}

// TestCodecListsV3 writes and reads arrays through lists of codecs that no Spec makes, and through what Spec makes of them.
func TestCodecListsV3(t *testing.T) {
	delta := `{"name": "numcodecs.delta", "configuration": {"dtype": "<u2", "astype": "<i8"}}`
	for _, c := range []struct{ codecs, names string }{
		{bytesLE, "bytes"},
		{delta + "," + bytesBE, "numcodecs.delta bytes"},
		{`{"name": "transpose", "configuration": {"order": [1, 0]}},` + delta + `,{"name": "transpose", "configuration": {"order": "F"}},` + bytesBE + `,"crc32c"`,
			"transpose numcodecs.delta transpose bytes crc32c"},
		{delta + `,{"name": "numcodecs.delta", "configuration": {"dtype": "<i8", "astype": "<f8"}},` + bytesBE, "numcodecs.delta numcodecs.delta bytes"},
		{`{"name": "future", "must_understand": false},` + bytesLE, "bytes"},
		{sharded("[5, 5]", delta+","+bytesLE, bytesLE, "end"), "sharding_indexed[numcodecs.delta bytes]"},
		{delta + "," + sharded("[5, 5]", bytesLE, bytesLE, "start"), "numcodecs.delta sharding_indexed[bytes]"},
		{sharded("[5, 5]", bytesLE, bytesBE+`,"crc32c","crc32c"`, "start"), "sharding_indexed[bytes]"},
		{sharded("[5, 5]", bytesLE, `{"name": "transpose", "configuration": {"order": [2, 0, 1]}},`+bytesBE, "end"), "sharding_indexed[bytes]"},
		{`{"name": "transpose", "configuration": {"order": [1, 0]}},` + sharded("[2, 5]", bytesBE, bytesLE, "end") + `,"crc32c"`,
			"transpose sharding_indexed[bytes] crc32c"},
		{sharded("[10, 5]", sharded("[5, 5]", sharded("[1, 1]", bytesBE, bytesLE, "start"), bytesLE+`,"crc32c"`, "end"), bytesLE, "start"),
			"sharding_indexed[sharding_indexed[sharding_indexed[bytes]]]"},
	} {
		s := store.NewMemory()
		doc := with(t, string(with(t, goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [10, 10]}}`)), "codecs", "["+c.codecs+"]")
		if err := s.Put(t.Context(), "zarr.json", doc); err != nil {
			t.Fatal(err)
		}
		a, err := OpenStore(t.Context(), s, "")
		if err != nil {
			t.Errorf("%s: %v", c.names, err)
			continue
		}
		m := a.Metadata()
		names := strings.Join(m.Codecs, " ")
		if ignored := strings.Contains(c.codecs, "future"); names != c.names || (len(m.Warnings) > 0) != ignored {
			t.Errorf("%s, want %s; warnings %q", names, c.names, m.Warnings)
		}
		again, err := CreateStore(t.Context(), store.NewMemory(), "", m.Spec())
		if err != nil {
			t.Errorf("%s: made again: %v", c.names, err)
			continue
		}
		want := newModel(m.Shape, m.DType, m.Fill)
		data := nd.New(nd.Uint16, 7, 13)
		for i := range nd.Values[uint16](data) {
			nd.Values[uint16](data)[i] = uint16(i * 977)
		}
		for _, offset := range [][]int{{0, 0}, {3, 7}} {
			for _, a := range []*Array{a, again} {
				if err := a.Write(t.Context(), offset, data); err != nil {
					t.Errorf("%s: %v", c.names, err)
				}
			}
			want.write(offset, data.Shape(), data.Bytes())
		}
		for _, a := range []*Array{a, again} {
			got, err := a.Read(t.Context(), []int{0, 0}, m.Shape)
			if err != nil || !bytes.Equal(got.Bytes(), want.data) {
				t.Errorf("%s: differs from the model: %v", c.names, err)
			}
		}
	}
}

// TestSpecsOfShards asks for the Specs of shards that are not stored as a Spec stores them: shapes are in the array's order
// of axes, and what was done to a shard is done to its chunks.
func TestSpecsOfShards(t *testing.T) {
	transpose := `{"name": "transpose", "configuration": {"order": [1, 0]}},`
	gzip := `{"name": "gzip", "configuration": {"level": 6}}`
	for _, c := range []struct {
		codecs string
		want   Spec
	}{
		{transpose + sharded("[8, 2]", bytesBE, bytesLE, "end"),
			Spec{Chunks: []int{2, 8}, Shards: []int{4, 8}, Encoding: Encoding{Order: []int{1, 0}, BigEndian: true}}},
		{sharded("[2, 8]", transpose+bytesLE, bytesLE, "end"), Spec{Chunks: []int{2, 8}, Shards: []int{4, 8}, Encoding: Encoding{Order: []int{1, 0}}}},
		{transpose + sharded("[8, 2]", transpose+bytesLE+`,"crc32c"`, bytesLE, "start") + "," + gzip,
			Spec{Chunks: []int{2, 8}, Shards: []int{4, 8}, Encoding: Encoding{Index: ShardIndex{AtStart: true}}}},
		{transpose + sharded("[8, 2]", sharded("[4, 1]", transpose+bytesLE, bytesLE, "end"), bytesLE, "end"),
			Spec{Chunks: []int{1, 4}, Shards: []int{4, 8}, Encoding: Encoding{SubShards: [][]int{{2, 8}}}}},
		{`{"name": "numcodecs.delta", "configuration": {"dtype": "<u2"}},` + transpose + sharded("[8, 2]", bytesLE, bytesLE, "end"),
			Spec{Chunks: []int{2, 8}, Shards: []int{4, 8}, Encoding: Encoding{Order: []int{1, 0}, Filters: make([]codec.Codec, 1)}}},
	} {
		doc := with(t, string(with(t, goodV3, "chunk_grid", `{"name": "regular", "configuration": {"chunk_shape": [4, 8]}}`)), "codecs", "["+c.codecs+"]")
		m, err := parseV3("zarr.json", doc)
		if err != nil {
			t.Fatal(err)
		}
		s := m.Spec()
		if !slices.Equal(s.Chunks, c.want.Chunks) || !slices.Equal(s.Shards, c.want.Shards) || fmt.Sprint(s.SubShards) != fmt.Sprint(c.want.SubShards) ||
			!slices.Equal(s.Order, c.want.Order) || s.BigEndian != c.want.BigEndian || s.Index.AtStart != c.want.Index.AtStart || len(s.Filters) != len(c.want.Filters) {
			t.Errorf("%s: %+v, want %+v", c.codecs, s, c.want)
		}
		names := ""
		for _, c := range s.Codecs {
			names += c.Spec().V3Name + " "
		}
		if want := strings.Contains(c.codecs, "gzip"); want != (names == "crc32c gzip ") {
			t.Errorf("%s: codecs %s", c.codecs, names)
		}
	}
}
