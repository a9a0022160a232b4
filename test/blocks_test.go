package test

import (
	"fmt"
	"maps"
	"os"
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

// counted returns what `volara blocks` counts, by task: computed, masked, left out, waiting, in work, tried again, failed.
func counted(t *testing.T, dir string, args ...string) map[string]string {
	t.Helper()
	out, status := outcome(t, volara(dir, append([]string{"blocks"}, args...)...))
	if status != 0 {
		t.Fatalf("blocks %v: exit status %d\n%s", args, status, out)
	}
	rows := map[string]string{}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 8 {
			rows[fields[0]] = strings.Join(fields[1:], " ")
		}
	}
	return rows
}

func expectCounts(t *testing.T, dir string, want map[string]string, args ...string) {
	t.Helper()
	if got := counted(t, dir, args...); !maps.Equal(got, want) {
		t.Errorf("blocks: %v, want %v", got, want)
	}
}

// TestBlocksAdopted counts blocks that were adopted, of which no event tells, also after a run of a region.
func TestBlocksAdopted(t *testing.T) {
	dir := volaraRun(t)
	if out, status := upWith(t, dir, "--adopt", "volara_logs"); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	expectCounts(t, dir, map[string]string{"frags-extract-frags": "4 0 0 0 0 0 0", "db-aff-agglom": "4 0 0 0 0 0 0", "lut-graph-mws": "1 0 0 0 0 0 0",
		"segs-relabel": "4 0 0 0 0 0 0"}, tasks...)
	expectCounts(t, dir, map[string]string{"segs-relabel": "4 0 0 0 0 0 0"}, append([]string{"--task", "segs-relabel"}, tasks...)...)
}

// TestBlocksForgotten counts blocks of which events tell no more, or tell what is no longer so.
func TestBlocksForgotten(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [60]], block_size: [1], grid: data", "name: b, roi: [[0], [60]], block_size: [1], grid: data")
	up := func(args ...string) {
		t.Helper()
		mustRun(t, volara(dir, append(append([]string{"up", "--progress", "off"}, args...), "noop.yaml")...))
	}
	up()
	both := map[string]string{"a": "60 0 0 0 0 0 0", "b": "60 0 0 0 0 0 0"}
	expectCounts(t, dir, both, "noop.yaml")
	rotate := func() {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, ".volara/runs/noop/events.jsonl"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	rotate()
	expectCounts(t, dir, both, "noop.yaml")
	up("--target", "a")
	rotate()
	expectCounts(t, dir, both, "noop.yaml") // the status tells of a only
	s := look(t, dir, "noop.yaml")
	if n := states(t, s, "b"); n[1] != 60 {
		t.Errorf("view: %v", n)
	}
	mustRun(t, volara(dir, "drop", "--yes", "--task", "a", "noop.yaml"))
	expectCounts(t, dir, map[string]string{"a": "0 0 0 60 0 0 0", "b": "60 0 0 0 0 0 0"}, "noop.yaml")
	up("--target", "a", "--roi", "0:5")
	expectCounts(t, dir, map[string]string{"a": "5 0 0 55 0 0 0", "b": "60 0 0 0 0 0 0"}, "noop.yaml")
	mustRun(t, volara(dir, "drop", "--yes", "--task", "b", "noop.yaml"))
	expectCounts(t, dir, map[string]string{"a": "5 0 0 55 0 0 0", "b": "0 0 0 60 0 0 0"}, "noop.yaml")
	mustRun(t, volara(dir, "drop", "--yes", "noop.yaml"))
	await(t, "view shows that all is dropped", func() (string, bool) {
		n := states(t, s, "b")
		return fmt.Sprint(n), n[4] == 60
	})
}

// TestBlocksBegunAnew looks at a task that has just been begun anew, before any of its blocks is done.
func TestBlocksBegunAnew(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [40]], block_size: [1]")
	mustRun(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	s := look(t, dir, "noop.yaml")
	if n := states(t, s, "a"); n[1] != 40 {
		t.Errorf("view: %v", n)
	}
	edited := strings.Replace(textOf(t, dir, "noop.yaml"), "block_size: [1]", "block_size: [1], duration: 10m", 1)
	if err := os.WriteFile(filepath.Join(dir, "noop.yaml"), []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
	c := volara(dir, "up", "--progress", "off", "--workers", "2", "--redo", "a", "noop.yaml")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Process.Kill() //nolint:errcheck // it has ended
		c.Wait()         //nolint:errcheck // killed
	}()
	await(t, "blocks in work, none done", func() (string, bool) {
		n := states(t, s, "a")
		return fmt.Sprint(n), n[5] >= 2 && n[1] == 0 && n[4]+n[5] == 40
	})
	if got := counted(t, dir, "noop.yaml")["a"]; !strings.HasPrefix(got, "0 0 0 ") || !strings.HasSuffix(got, " 0 0") {
		t.Errorf("blocks: %v", got)
	}
}

// TestTooManyBlocks demands a word about a task whose blocks would not fit in memory.
func TestTooManyBlocks(t *testing.T) {
	dir := noops(t, "name: big, roi: [[0, 0], [1000000, 1000000]], block_size: [1, 1]", "name: small, roi: [[0], [4]], block_size: [1]")
	if err := os.MkdirAll(filepath.Join(dir, ".volara/runs/noop"), 0o777); err != nil {
		t.Fatal(err)
	}
	out, status := outcome(t, volara(dir, "blocks", "noop.yaml"))
	if status != 0 || !strings.Contains(out, "too many blocks to be shown") || strings.Contains(out, "\nbig ") || !strings.Contains(out, "small") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(dir, "blocks", "--task", "big", "noop.yaml")); status != 2 || !strings.Contains(out, "at most") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}
