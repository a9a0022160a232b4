package zarr

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/zarr/store"
)

// WriteFill stores, byte for byte, what Write of an array full of the fill value stores.
func TestWriteFillIsAWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		stores := []*store.Memory{store.NewMemory(), store.NewMemory()}
		sparse, cache := rapid.Bool().Draw(t, "sparse"), NewCache(1<<20)
		before, data := drawBoxAndData(t, spec)
		offset, shape := drawInside(t, spec.Shape)
		fill := nd.New(spec.DType, shape...)
		repeat(fill.Bytes(), spec.Fill.bytes(spec.DType))
		for i, s := range stores {
			a, err := CreateStore(t.Context(), s, "", spec)
			if err != nil {
				t.Fatal(err)
			}
			a = a.With(Cached(cache))
			if sparse {
				a = a.With(Sparse())
			}
			if err := a.Write(t.Context(), before, data); err != nil {
				t.Fatal(err)
			}
			zero := make([]int, len(spec.Shape))
			if _, err := a.Read(t.Context(), zero, spec.Shape); err != nil { // into the cache
				t.Fatal(err)
			}
			if i == 0 {
				err = a.Write(t.Context(), offset, fill)
			} else {
				err = a.WriteFill(t.Context(), offset, shape)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Read(t.Context(), offset, shape)
			if err != nil || !bytes.Equal(got.Bytes(), fill.Bytes()) {
				t.Fatalf("%+v: box %v+%v reads %v, %v", spec, offset, shape, got, err)
			}
		}
		if a, b := contents(t, stores[0]), contents(t, stores[1]); a != b {
			t.Fatalf("%+v: box %v+%v: the stores differ:\n%s\n%s", spec, offset, shape, a, b)
		}
	})
}

func drawBoxAndData(t *rapid.T, spec Spec) ([]int, *nd.Array) {
	offset, shape := drawInside(t, spec.Shape)
	return offset, drawVoxels(t, spec.DType, shape)
}

func TestWriteFillRefuses(t *testing.T) {
	a, err := CreateStore(t.Context(), store.NewMemory(), "", Spec{Shape: []int{9, 9}, Chunks: []int{4, 4}, DType: nd.Uint8})
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range [][2][]int{{{0}, {1}}, {{-1, 0}, {2, 2}}, {{8, 8}, {1, 2}}, {{0, 0}, {-1, 1}}} {
		if a.WriteFill(t.Context(), box[0], box[1]) == nil {
			t.Errorf("box %v+%v was taken", box[0], box[1])
		}
	}
	if err := a.WriteFill(t.Context(), []int{4, 4}, []int{4, 4}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.With(Required()).Read(t.Context(), []int{4, 4}, []int{4, 4}); err != nil {
		t.Errorf("a chunk of fill counts as missing: %v", err)
	}
	if _, err := a.With(Required()).Read(t.Context(), []int{0, 4}, []int{4, 4}); !errors.Is(err, ErrMissingChunk) {
		t.Errorf("a chunk that nobody wrote: %v", err)
	}
}

// contents returns all that a store holds, as text.
func contents(t *rapid.T, s *store.Memory) string {
	var lines []string
	for e, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		value, err := s.Get(t.Context(), e.Key)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %x", e.Key, value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
