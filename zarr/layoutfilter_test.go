package zarr

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

// TestPackedNumbers: only booleans are packed, though numcodecs has v2 arrays of other bytes say that they are booleans.
func TestPackedNumbers(t *testing.T) {
	for _, format := range []int{2, 3} {
		for _, dtype := range []nd.DType{nd.Uint8, nd.Int8, nd.Bool} {
			s := Spec{Format: format, Shape: []int{9}, Chunks: []int{9}, DType: dtype}
			s.Filters = []codec.Codec{codec.PackBits{}}
			dir := filepath.Join(t.TempDir(), "a")
			_, err := Create(t.Context(), dir, s)
			if refused := err != nil && strings.Contains(err.Error(), "takes elements of type bool"); refused != (dtype != nd.Bool) {
				t.Errorf("v%d of %v: %v", format, dtype, err)
			}
		}
	}
	v3 := writeTree(t, map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "array", "shape": [9], "data_type": "uint8", "fill_value": 0,
		"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [9]}}, "chunk_key_encoding": {"name": "default"},
		"codecs": [{"name": "numcodecs.packbits"}, {"name": "bytes"}]}`})
	if _, err := Open(t.Context(), v3); err == nil || !strings.Contains(err.Error(), "bool") {
		t.Error(err)
	}
	v2 := writeTree(t, map[string]string{".zarray": `{"zarr_format": 2, "shape": [9], "chunks": [9], "dtype": "|u1", "fill_value": 0,
		"order": "C", "filters": [{"id": "packbits"}], "compressor": null}`})
	if err := os.WriteFile(filepath.Join(v2, "0"), []byte{7, 0b10100001, 0x80}, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), v2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Read(t.Context(), []int{0}, []int{9})
	if err != nil || !slices.Equal(got.Bytes(), []byte{1, 0, 1, 0, 0, 0, 0, 1, 1}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestIntegersOfScales refuses to name integers that numpy cannot compute with.
func TestIntegersOfScales(t *testing.T) {
	for config, ok := range map[string]bool{
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": 300, "scale": 1}`:                  false,
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": -5, "scale": 0.5}`:                 false,
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": 3, "scale": 300}`:                  false,
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": 3, "scale": 300.0}`:                true,
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": -0, "scale": 1}`:                   true,
		`{"id": "fixedscaleoffset", "dtype": "|u1", "offset": 255, "scale": 1, "astype": "<f4"}`: true,
	} {
		c, err := codec.ParseV2([]byte(config), codec.Type{DType: nd.Uint8})
		if err != nil {
			t.Fatal(err)
		}
		s := Spec{Format: 2, Shape: []int{9}, Chunks: []int{9}, DType: nd.Uint8}
		s.Filters = []codec.Codec{c}
		if _, err := Create(t.Context(), filepath.Join(t.TempDir(), "a"), s); (err == nil) != ok {
			t.Errorf("%s: %v", config, err)
		}
		if _, err := c.Encode(nil, []byte{1, 2, 3}); (err == nil) != ok {
			t.Errorf("%s: %v", config, err)
		}
	}
}
