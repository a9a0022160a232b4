package test

import (
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
)

// cells writes a mask of one voxel for each of n blocks of a length: in those from first to end it is set.
func cells(t *testing.T, path string, n, length, first, end int) {
	t.Helper()
	a, err := zarr.Create(t.Context(), path, zarr.Spec{Shape: []int{n}, Chunks: []int{n}, DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": []int{length}, "offset": []int{0}}})
	if err != nil {
		t.Fatal(err)
	}
	mask := nd.New(nd.Uint8, n)
	for i := first; i < end; i++ {
		nd.Values[uint8](mask)[i] = 1
	}
	if err := a.Write(t.Context(), []int{0}, mask); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestViewLeftOut looks at a task of which a skip mask leaves blocks out: they are shown as such before, during and after the
// run, and then the task is complete, so that its layer is hidden. Another mask is taken note of.
func TestViewLeftOut(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [100]], block_size: [10], skip_mask: {store: cells}")
	mask := filepath.Join(dir, "cells")
	cells(t, mask, 10, 10, 2, 5)
	s := look(t, dir, "noop.yaml")
	if n := states(t, s, "a"); n[3] != 3 || n[4] != 7 {
		t.Errorf("before the run: %v", n)
	}
	mustRun(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	if _, text := fetch(t, s.URL+"state.json"); !strings.Contains(text, `"visible":false`) {
		t.Errorf("the complete task is not hidden: %s", text)
	}
	if n := states(t, s, "a"); n[3] != 3 || n[1] != 7 {
		t.Errorf("after the run: %v", n)
	}
}
