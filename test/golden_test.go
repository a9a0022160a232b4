package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// goldens returns the folders of Volara's own results: the project's, and a shared one where a checkout has it.
func goldens() []string {
	dirs := []string{"../stages/testdata/golden"}
	if _, err := os.Stat("../../shared/golden"); err == nil {
		dirs = append(dirs, "../../shared/golden")
	}
	return dirs
}

// TestVolaraTaskFiles runs Volara's own serialised tasks by the command line and demands Volara's partitions.
func TestVolaraTaskFiles(t *testing.T) {
	for _, dir := range goldens() {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			want, err := filepath.Abs(filepath.Join(dir, "segment.zarr"))
			if err != nil {
				t.Fatal(err)
			}
			work := t.TempDir()
			var files []string
			for _, name := range []string{"extract-frags", "aff-agglom", "graph-mws", "relabel"} {
				text, err := os.ReadFile(filepath.Join(dir, name+".json"))
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(work, name+".json")
				write(t, file, string(text))
				files = append(files, file)
			}
			if err := os.Mkdir(filepath.Join(work, "segment.zarr"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(want, "affs"), filepath.Join(work, "segment.zarr", "affs")); err != nil {
				t.Fatal(err)
			}
			mustRun(t, up(files...))
			waitFor(t, filepath.Join(work, ".volara", "runs", "extract-frags", "status.json"))
			for _, name := range []string{"fragments", "segments"} {
				ours, theirs := filepath.Join(work, "segment.zarr", name), filepath.Join(want, name)
				samePartition(t, ours, theirs)
				samePartition(t, theirs, ours)
			}
		})
	}
}

// samePartition demands by `volara eval` that a's voxels within b's labels are divided as b's.
func samePartition(t *testing.T, a, b string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(programs, "volara"), "eval", "--json", a, b).Output()
	if err != nil {
		t.Fatal(err)
	}
	var score struct {
		Voxels           int64
		VOI              float64
		AdaptedRandError float64 `json:"adapted_rand_error"`
	}
	if err := json.Unmarshal(out, &score); err != nil {
		t.Fatal(err)
	}
	if score.Voxels == 0 || score.VOI > 1e-12 || score.AdaptedRandError > 1e-12 {
		t.Fatalf("%s and %s differ: %s", a, b, out)
	}
}
