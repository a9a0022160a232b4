package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
)

// tasks are the files of volaraRun, in order.
var tasks = []string{"1-extract.json", "2-agglom.json", "3-mws.json", "4-relabel.json"}

// volaraRun unpacks what Volara has made of a tiny volume (testdata/volara_run.py).
func volaraRun(t *testing.T) string {
	t.Helper()
	archive, err := filepath.Abs("testdata/volara_run.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := exec.Command("tar", "xzf", archive)
	c.Dir = dir
	mustRun(t, c)
	return dir
}

// marks returns the folder of a task's done marks.
func marks(task string) string {
	return filepath.Join("volara_logs", task+"-meta", "blocks_done.zarr")
}

// upWith runs `volara up` on the tasks with further arguments.
func upWith(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	return outcome(t, volara(dir, slices.Concat([]string{"up", "--progress", "off"}, args, tasks)...))
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	array, err := zarr.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer array.Close()
	shape := array.Metadata().Shape
	values, err := array.Read(context.Background(), make([]int, len(shape)), shape)
	if err != nil {
		t.Fatal(err)
	}
	return values.Bytes()
}

// TestAdopt takes over a run that Volara has made, to the last block, and does its last task again: to Volara's result.
func TestAdopt(t *testing.T) {
	dir := volaraRun(t)
	segs := filepath.Join(dir, "data.zarr", "segs")
	before := contents(t, segs)
	for _, args := range [][]string{{"--adopt", "volara_logs"}, {"--adopt", "volara_logs"}, {"--adopt", marks("segs-relabel")}, nil} {
		if out, status := upWith(t, dir, args...); status != 0 || !strings.Contains(out, "nothing was left to do") {
			t.Fatalf("up %v: exit status %d\n%s", args, status, out)
		}
	}
	if !slices.Equal(before, contents(t, segs)) {
		t.Error("adopting changed the segments")
	}
	if out, status := upWith(t, dir, "--redo", "segs-relabel"); status != 0 || !strings.Contains(out, "(9 before)") {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	if !slices.Equal(before, contents(t, segs)) {
		t.Error("the segments are not Volara's")
	}
}

// TestAdoptPart goes on with a task that Volara has begun.
func TestAdoptPart(t *testing.T) {
	dir := volaraRun(t)
	segs := filepath.Join(dir, "data.zarr", "segs")
	before := contents(t, segs)
	for _, lost := range []string{filepath.Join(marks("segs-relabel"), "c", "1"), "data.zarr/segs/c/1"} {
		if err := os.RemoveAll(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
	}
	out, status := upWith(t, dir, "--adopt", "volara_logs")
	if status != 0 || !strings.Contains(out, "all 13 blocks done (11 before)") {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	if !slices.Equal(before, contents(t, segs)) {
		t.Error("the segments are not Volara's")
	}
}

// TestAdoptRefuses demands a word about marks that cannot be believed, and that nothing was changed.
func TestAdoptRefuses(t *testing.T) {
	remove := func(paths ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, path := range paths {
				if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		args  []string
		says  string
	}{
		"part of the fragments": {remove(filepath.Join(marks("frags-extract-frags"), "c", "1")), []string{"--adopt", "volara_logs"}, "2 of 4 blocks of frags-extract-frags are done"},
		"part of the edges":     {remove(filepath.Join(marks("db-aff-agglom"), "c", "1")), []string{"--adopt", "volara_logs"}, "mixed up"},
		"without its input":     {nil, []string{"--adopt", marks("segs-relabel")}, "adopt that too"},
		"no output":             {remove("data.zarr/segs"), []string{"--adopt", "volara_logs"}, "4 blocks of segs-relabel are to be believed done"},
		"no table":              {remove("lut.npz"), []string{"--adopt", "volara_logs"}, "output is not there"},
		"another grid": {func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, marks("lut-graph-mws")), filepath.Join(dir, "whole.zarr")); err != nil {
				t.Fatal(err)
			}
		}, []string{"--adopt", "segs-relabel=whole.zarr"}, "there:"},
		"nothing there":    {nil, []string{"--adopt", "nowhere"}, "no such file"},
		"no array":         {nil, []string{"--adopt", "segs-relabel=data.zarr/segs/c"}, "done marks of segs-relabel"},
		"no marks":         {nil, []string{"--adopt", "data.zarr"}, "whose done marks"},
		"no such task":     {nil, []string{"--adopt", "segments=" + marks("segs-relabel")}, `no task that is to be done is named "segments"`},
		"twice":            {nil, []string{"--adopt", "volara_logs", "--adopt", marks("segs-relabel")}, "adopted twice"},
		"and begun anew":   {nil, []string{"--adopt", "volara_logs", "--redo", "segs-relabel"}, "do one of both"},
		"labels for marks": {nil, []string{"--adopt", "segs-relabel=data.zarr/segs"}, "there:"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := volaraRun(t)
			if c.spoil != nil {
				c.spoil(t, dir)
			}
			if out, status := upWith(t, dir, c.args...); status != 2 || !strings.Contains(out, c.says) {
				t.Errorf("exit status %d\n%s", status, out)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "data.zarr", "frags", "zarr.json")); err != nil || strings.Contains(string(text), `"volara"`) {
				t.Errorf("the fragments were changed (%v)", err)
			}
		})
	}
}

// TestAdoptRecorded demands that what is recorded here is not replaced by what is said elsewhere.
func TestAdoptRecorded(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0, 0], [8, 8]], block_size: [2, 4]")
	ctx := context.Background()
	array, err := zarr.Create(ctx, filepath.Join(dir, "done.zarr"), zarr.Spec{Shape: []int{4, 2}, Chunks: []int{1, 1}, DType: nd.Uint64,
		Attributes: zarr.Spatial{VoxelSize: []float64{2, 4}, Offset: []float64{0, 0}, AxisNames: []string{"y", "x"}, Units: []string{"", ""}, Types: []string{"space", "space"}}.Attributes()})
	if err != nil {
		t.Fatal(err)
	}
	if err := array.Close(); err != nil {
		t.Fatal(err)
	}
	if out, status := outcome(t, volara(dir, "up", "--progress", "off", "--adopt", "done.zarr", "noop.yaml")); status != 0 || !strings.Contains(out, "all 8 blocks done") {
		t.Fatalf("marks of nothing: exit status %d\n%s", status, out)
	}
	mustRun(t, volara(dir, "drop", "--keep-outputs", "--yes", "noop.yaml"))
	mustRun(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	if out, status := outcome(t, volara(dir, "up", "--adopt", "a=done.zarr", "noop.yaml")); status != 2 || !strings.Contains(out, "has a record here") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}
