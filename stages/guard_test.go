package stages

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/nd"
	"volara/zarr/store"
)

// anArray is the output of a generation, made anew or taken over.
func anArray(t *testing.T, path, generation string) *openArray {
	t.Helper()
	env := &Env{Generation: generation, Marker: Marker{Run: "r", Task: "t", Generation: generation}}
	spec := ArraySpec{Path: path, Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Uint64,
		VoxelSize: geometry.Coordinate{1, 1}, Offset: geometry.Coordinate{0, 0}, AxisNames: []string{"y", "x"}, Units: []string{"nm", "nm"}, Types: []string{"space", "space"}}
	if err := createArray(t.Context(), env, spec); err != nil {
		t.Fatal(err)
	}
	a, err := openOutput(t.Context(), &Dataset{Store: path}, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeAll(a) })
	return a
}

// A worker of a generation whose array was taken over writes nothing, at whatever point that happened, and whatever it
// thinks of its hold on the block.
func TestArrayIsGuarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	roi := geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{2, 2})
	values := nd.New(nd.Uint64, 2, 2)
	nd.Values[uint64](values)[0] = 7
	old := anArray(t, path, "old")
	if err := old.write(t.Context(), roi, values); err != nil {
		t.Fatal(err)
	}
	for asked := 1; asked <= 3; asked++ { // before it begins, before the file is written, before it is renamed
		ctx := &asking{Context: t.Context(), at: asked, call: func() { anArray(t, path, "new") }}
		if err := anArray(t, path, "old").write(ctx, roi, values); !errors.Is(err, errTakenOver) || !fault.IsTakenOver(err) {
			t.Errorf("taken over at question %d: the old generation was told %v", asked, err)
		}
	}
	// The same of a write that takes several files, which are written at once.
	whole := geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{4, 4})
	held := anArray(t, path, "old")
	takeOver := sync.OnceFunc(func() { anArray(t, path, "new") })
	ctx := store.WithFence(t.Context(), func() error { takeOver(); return nil })
	if err := held.write(ctx, whole, nd.New(nd.Uint64, 4, 4)); !errors.Is(err, errTakenOver) {
		t.Errorf("taken over before the files get their names: the old generation was told %v", err)
	}
	now := anArray(t, path, "new")
	if err := errors.Join(now.write(t.Context(), roi, values), now.writeFill(t.Context(), roi)); err != nil {
		t.Error(err)
	}
	if err := old.writeFill(t.Context(), roi); !errors.Is(err, errTakenOver) {
		t.Errorf("the old generation was told %v", err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := now.write(t.Context(), roi, values); !errors.Is(err, errTakenOver) {
		t.Errorf("of an array that was removed it was told %v", err)
	}
}

// asking calls back before it is asked for its error for the at-th time.
type asking struct {
	context.Context
	n, at int
	call  func()
}

func (c *asking) Err() error {
	if c.n++; c.n == c.at {
		c.call()
	}
	return c.Context.Err()
}

// The same of a table, which has its marker beside it.
func TestTableIsGuarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lut.npz")
	take := func(generation string) *graphMWS {
		env := &Env{Generation: generation, Marker: Marker{Run: "r", Task: "t", Generation: generation}}
		if err := takeLUT(t.Context(), env, path); err != nil {
			t.Fatal(err)
		}
		return &graphMWS{GraphMWS: &GraphMWS{LUT: LUT{Path: path}}, env: env}
	}
	table := func(segment int64) *graph.LUT {
		return &graph.LUT{Fragments: []int64{1}, Segments: []int64{segment}}
	}
	old := take("old")
	if err := errors.Join(old.write(t.Context(), table(5)), old.write(t.Context(), table(6))); err != nil {
		t.Fatal(err)
	}
	ctx := &asking{Context: t.Context(), at: 1, call: func() { take("new") }}
	if err := old.write(ctx, table(7)); !errors.Is(err, errTakenOver) {
		t.Errorf("the old generation was told %v", err)
	}
	if lut, err := graph.ReadLUT(path); err != nil || lut.Segments[0] != 6 {
		t.Errorf("the table holds %v, %v", lut, err)
	}
	now := take("new")
	if err := now.write(t.Context(), table(8)); err != nil {
		t.Error(err)
	}
	if mark, err := LUTMarker(path); err != nil || mark.Generation != "new" || mark.Check(path) != nil {
		t.Errorf("the marker is %+v, %v", mark, err)
	}
	if err := errors.Join(removeLUT(path), removeLUT(path)); err != nil {
		t.Fatal(err)
	}
	if err := now.write(t.Context(), table(9)); !errors.Is(err, errTakenOver) {
		t.Errorf("of a table that was dropped it was told %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 0 {
		t.Errorf("left are %v, %v", entries, err)
	}
}
