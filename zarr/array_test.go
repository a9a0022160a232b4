package zarr

import (
	"path/filepath"
	"testing"

	"volara/nd"
)

func TestCreateWriteRead(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "a.zarr", "raw")
	a, err := Create(ctx, path, Spec{Shape: []int{5, 7}, Chunks: []int{2, 3}, DType: nd.Uint16})
	if err != nil {
		t.Fatal(err)
	}
	block := nd.New(nd.Uint16, 5, 7)
	for i := range nd.Values[uint16](block) {
		nd.Values[uint16](block)[i] = uint16(i + 1)
	}
	if err := a.Write(ctx, []int{0, 0}, block); err != nil {
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
	for i, v := range nd.Values[uint16](got) {
		if v != want[i] {
			t.Fatalf("read %v, want %v", nd.Values[uint16](got), want)
		}
	}
}
