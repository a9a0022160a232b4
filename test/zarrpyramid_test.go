package test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPyramidKilled kills the making of an image at random, again and again, until it comes to its end, and compares it
// with one that was made in one go.
func TestPyramidKilled(t *testing.T) {
	t.Parallel()
	src, whole, dst := largeArray(t), filepath.Join(t.TempDir(), "em.ome.zarr"), filepath.Join(t.TempDir(), "em.ome.zarr")
	pyramid := func(to string) *exec.Cmd {
		return exec.Command(filepath.Join(programs, "volara"), "zarr", "pyramid", "--progress", "off", "--chunks", "16,16,16", "--codec", "zstd:9", "--memory", "2MiB", src, to)
	}
	if out, err := pyramid(whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	killedUntilDone(t, func() *exec.Cmd { return pyramid(dst) })
	for _, level := range []string{"0", "1", "2", "3"} {
		if got, want := sumOf(t, filepath.Join(dst, level)), sumOf(t, filepath.Join(whole, level)); got != want {
			t.Errorf("the sum of level %s is %s, want %s", level, got, want)
		}
	}
	diff := exec.Command("diff", filepath.Join(dst, "zarr.json"), filepath.Join(whole, "zarr.json"))
	if out, err := diff.CombinedOutput(); err != nil {
		t.Errorf("metadata differs: %v\n%s", err, out)
	}
}
