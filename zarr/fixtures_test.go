package zarr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestFixtures reads the arrays that testdata/make_arrays.py wrote with zarr-python.
func TestFixtures(t *testing.T) {
	data, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]string
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	for name, want := range expected {
		path := filepath.Join("testdata", "arrays", name)
		if got := sumOf(t, path); got != want {
			t.Errorf("%s: sha256 %s, want %s", name, got, want)
		}
	}
}

// sumOf returns the sha256 of an array's bytes, in C order.
func sumOf(t *testing.T, path string) string {
	t.Helper()
	sum := sha256.Sum256(readAll(t, path))
	return hex.EncodeToString(sum[:])
}

// TestFixturesRewritten copies every fixture into each codec and format, and reads the same bytes back.
func TestFixturesRewritten(t *testing.T) {
	paths, err := filepath.Glob("testdata/arrays/*")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		a, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		m := a.Metadata()
		v, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape)
		if err != nil {
			t.Fatal(err)
		}
		for format := 2; format <= 3; format++ {
			for _, codec := range specCodecs {
				copied := filepath.Join(t.TempDir(), "a")
				b := create(t, copied, Spec{Format: format, Shape: m.Shape, Chunks: m.Inner, DType: m.DType, Fill: m.Fill, Codec: codec})
				if err := b.Write(t.Context(), make([]int, len(m.Shape)), v); err != nil {
					t.Fatal(err)
				}
				if got, want := sumOf(t, copied), sumOf(t, path); got != want {
					t.Errorf("%s as v%d %s: sha256 %s, want %s", path, format, codec, got, want)
				}
			}
		}
	}
}
