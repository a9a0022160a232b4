package zarr

import (
	"errors"
	"path/filepath"
	"testing"

	"volara/nd"
)

// TestBounded reads chunks that take more than the bound: those that are stored are refused, others are filled, and chunks
// that fit one after the other are all read.
func TestBounded(t *testing.T) {
	for _, codec := range []string{"zstd", "gzip"} {
		a, err := Create(t.Context(), filepath.Join(t.TempDir(), "a"), Spec{Shape: []int{12 << 20}, Chunks: []int{3 << 20}, DType: nd.Uint8, Codec: codec})
		if err != nil {
			t.Fatal(err)
		}
		data := nd.New(nd.Uint8, 6<<20)
		for i := range data.Bytes() {
			data.Bytes()[i] = byte(i >> 12)
		}
		if err := a.Write(t.Context(), []int{0}, data); err != nil {
			t.Fatal(err)
		}
		for _, cache := range []*Cache{nil, NewCache(1 << 20)} {
			small, enough := a.With(Bounded(2<<20), Cached(cache)), a.With(Bounded(4<<20), Cached(cache))
			if _, err := small.Read(t.Context(), []int{5}, []int{9}); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", codec, err)
			}
			if got, err := small.Read(t.Context(), []int{7 << 20}, []int{9}); err != nil || got.Bytes()[8] != 0 {
				t.Errorf("%s: %v", codec, err)
			}
			got, err := enough.Read(t.Context(), []int{1}, []int{12<<20 - 2})
			if err != nil || got.Bytes()[4<<20] != data.Bytes()[4<<20+1] || got.Bytes()[7<<20] != 0 {
				t.Errorf("%s: %v", codec, err)
			}
		}
	}
}
