package test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	await(t, "the complete task is hidden", func() (string, bool) {
		_, text := fetch(t, s.URL+"state.json")
		return text, strings.Contains(text, `"visible":false`)
	})
	if n := states(t, s, "a"); n[3] != 3 || n[1] != 7 {
		t.Errorf("after the run: %v", n)
	}
}

// await waits until what is told says so.
func await(t *testing.T, what string, is func() (told string, ok bool)) {
	t.Helper()
	var told string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if told, ok = is(); ok {
			return
		}
	}
	t.Errorf("%s: %s", what, told)
}

// TestTaskStartsOnce demands that a task whose first blocks fail is told to begin once.
func TestTaskStartsOnce(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [8]], block_size: [1], fail_rate: 1, max_retries: 0")
	if out, status := outcome(t, volara(dir, "up", "--progress", "off", "noop.yaml")); status != 1 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	if out, _ := outcome(t, volara(dir, "events", "--json", "--kind", "task_started", "noop.yaml")); strings.Count(out, "task_started") != 1 {
		t.Errorf("%s", out)
	}
}
