package zarr

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

// What lies wholly in a box goes and the rest stays, and a repetition finds nothing.
func TestErase(t *testing.T) {
	for name, spec := range map[string]Spec{
		"v3":     {Shape: []int{7, 9}, Chunks: []int{3, 4}, DType: nd.Uint16},
		"v2":     {Shape: []int{7, 9}, Chunks: []int{3, 4}, DType: nd.Uint16, Format: 2},
		"shards": {Shape: []int{7, 9}, Chunks: []int{1, 2}, Shards: []int{3, 4}, DType: nd.Uint16},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { checkErase(t, rt, spec) })
		})
	}
}

func checkErase(t *testing.T, rt *rapid.T, spec Spec) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a")
	a := create(t, path, spec)
	if err := a.Write(ctx, []int{0, 0}, count(7, 9)); err != nil {
		rt.Fatal(err)
	}
	draw := func(n int, what string) (from, length int) {
		from = rapid.IntRange(-2, n).Draw(rt, what)
		return from, rapid.IntRange(0, n+2).Draw(rt, what+" length")
	}
	y, h := draw(7, "y")
	x, w := draw(9, "x")
	inside := func(y0, x0 int) bool { // the chunk that starts there
		return y <= y0 && min(y0+3, 7) <= y+h && x <= x0 && min(x0+4, 9) <= x+w
	}
	before, err := a.Usage(ctx)
	if err != nil {
		rt.Fatal(err)
	}
	erased, err := a.Erase(ctx, []int{y, x}, []int{h, w})
	if err != nil {
		rt.Fatal(err)
	}
	after, err := a.Usage(ctx)
	if err != nil {
		rt.Fatal(err)
	}
	if before.StoredBytes-after.StoredBytes != erased.Bytes {
		rt.Errorf("%d bytes of %d are left, %d are said to be erased", after.StoredBytes, before.StoredBytes, erased.Bytes)
	}
	want, gone := slices.Clone(nd.Values[uint16](count(7, 9))), int64(0)
	for i := range want {
		if inside(i/9/3*3, i%9/4*4) {
			want[i] = 0
		}
	}
	for y0 := 0; y0 < 7; y0 += 3 {
		for x0 := 0; x0 < 9; x0 += 4 {
			if inside(y0, x0) {
				gone++
			}
		}
	}
	got, err := a.Read(ctx, []int{0, 0}, []int{7, 9})
	if err != nil || erased.Objects != gone || !slices.Equal(nd.Values[uint16](got), want) {
		rt.Errorf("%v, %d of %d chunks erased, left\n%v, want\n%v", err, erased.Objects, gone, nd.Values[uint16](got), want)
	}
	if again, err := a.Erase(ctx, []int{y, x}, []int{h, w}); err != nil || again != (Erased{}) {
		rt.Errorf("again: %+v, %v", again, err)
	}
	if err := a.Close(); err != nil {
		rt.Error(err)
	}
}

// An array that takes the place of an erased one is not touched through the one that was opened before, a chunk that is
// required is missed, and a cache forgets what is erased through it.
func TestEraseOfWhatWasOpened(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a")
	spec := Spec{Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint16}
	old := create(t, path, spec).With(Cached(NewCache(1 << 20)))
	if err := old.Write(ctx, []int{0}, count(4)); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Read(ctx, []int{0}, []int{4}); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Erase(ctx, []int{0}, []int{2}); err != nil {
		t.Fatal(err)
	}
	if _, err := old.With(Required()).Read(ctx, []int{0}, []int{4}); !errors.Is(err, ErrMissingChunk) {
		t.Errorf("reading what is erased: %v", err)
	}
	if err := Remove(ctx, path); err != nil {
		t.Fatal(err)
	}
	young := create(t, path, spec)
	if err := young.Write(ctx, []int{0}, count(4)); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Erase(ctx, []int{0}, []int{4}); err != nil {
		t.Fatal(err)
	}
	got, err := young.With(Required()).Read(ctx, []int{0}, []int{4})
	if err != nil || !slices.Equal(nd.Values[uint16](got), []uint16{1, 2, 3, 4}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := young.Erase(ctx, []int{0, 0}, []int{1, 1}); err == nil {
		t.Error("a box of two dimensions in an array of one is no error")
	}
}
