package zarr

import (
	"path/filepath"
	"strings"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr/codec"
)

// TestCreateRefusesLevels demands that what is created names no level that other readers refuse, and that an array that
// names one is still read.
func TestCreateRefusesLevels(t *testing.T) {
	for _, format := range []int{2, 3} {
		for _, c := range []codec.Codec{codec.Zstd{Level: 23}, codec.Zstd{Level: -131073}, &codec.Gzip{Level: -1}, &codec.Zlib{Level: 10}, codec.BZ2{Level: 0}} {
			s := Spec{Format: format, Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint8, Encoding: Encoding{Codecs: []codec.Codec{c}}}
			dir := filepath.Join(t.TempDir(), "a")
			if _, err := Create(t.Context(), dir, s); err == nil || !strings.Contains(err.Error(), "level") || !fault.IsPermanent(err) {
				t.Errorf("v%d %+v: %v", format, c.Spec(), err)
			}
		}
	}
	index := Spec{Shape: []int{4}, Shards: []int{4}, Chunks: []int{2}, DType: nd.Uint8}
	index.Index.Codecs = []codec.Codec{codec.Zstd{Level: 23}}
	if err := index.Check(); err == nil || !strings.Contains(err.Error(), "level 23") {
		t.Error(err)
	}
	for name, config := range map[string]string{
		"zstd": `{"name": "zstd", "configuration": {"level": 99, "checksum": false}}`,
		"gzip": `{"name": "gzip", "configuration": {"level": -1}}`,
	} {
		dir := writeTree(t, map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "array", "shape": [4], "data_type": "uint8", "fill_value": 7,
			"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}}, "chunk_key_encoding": {"name": "default"},
			"codecs": [{"name": "bytes"}, ` + config + `]}`})
		a, err := Open(t.Context(), dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := a.Read(t.Context(), []int{0}, []int{4}); err != nil || got.Bytes()[3] != 7 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
