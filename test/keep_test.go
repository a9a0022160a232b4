package test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"volara/demo"
)

// keepUntilConsumed makes a volume's fragments go once they are consumed.
func keepUntilConsumed(t *testing.T, files demo.Files) {
	t.Helper()
	text, err := os.ReadFile(files.Pipeline)
	if err != nil {
		t.Fatal(err)
	}
	old := "store: volume.zarr/fragments\n"
	if !strings.Contains(string(text), old) {
		t.Fatalf("%q is not in the demo's pipeline", old)
	}
	write(t, files.Pipeline, strings.Replace(string(text), old, old+"    keep: until_consumed\n", 1))
}

// chunkFiles counts the chunks of an array that are there.
func chunkFiles(t *testing.T, path string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(filepath.Join(path, "c"), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // not made yet, or just gone
		}
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mustConsume demands that fragments are gone and everything else is as where they stay.
func mustConsume(t *testing.T, kept, consumed demo.Files) {
	t.Helper()
	if n := chunkFiles(t, consumed.Fragments); n != 0 {
		t.Errorf("%d chunks of fragments are left", n)
	}
	if chunkFiles(t, kept.Fragments) == 0 {
		t.Error("fragments that are kept are gone")
	}
	for _, name := range []string{"segments", "graph.sqlite"} {
		if err := same(filepath.Join(kept.Container, name), filepath.Join(consumed.Container, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestKeepUntilConsumed demands the same segments where fragments are deleted on the way: at once, killed again and
// again, and with a trial region first, which deletes nothing that the whole needs.
func TestKeepUntilConsumed(t *testing.T) {
	kept, killed, grown := volume(t, 96), volume(t, 96), volume(t, 96)
	started := time.Now()
	mustRun(t, up("--workers", "2", kept.Pipeline))
	lasted := time.Since(started)

	keepUntilConsumed(t, killed)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 6 {
		c := up("--workers", "2", killed.Pipeline)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(lasted)/2)) + 20*time.Millisecond)
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = c.Wait() // says that it was killed
	}
	runs(t, 0, up("--workers", "2", killed.Pipeline))
	mustConsume(t, kept, killed)

	keepUntilConsumed(t, grown)
	part := "8000:8960,4800:5568,1920:2688"
	runs(t, 0, up("--roi", part, grown.Pipeline), "nothing is deleted in this run", "when it covers more")
	if chunkFiles(t, grown.Fragments) == 0 {
		t.Error("a trial region has deleted fragments that the whole volume reads")
	}
	runs(t, 0, up(grown.Pipeline), "deleted what is consumed")
	mustConsume(t, kept, grown)
}

// TestConsumedOnTheWay demands that fragments go while others are still to be made: never are all of them there.
func TestConsumedOnTheWay(t *testing.T) {
	files := volume(t, 128)
	mustRun(t, up(files.Pipeline))
	all := chunkFiles(t, files.Fragments)
	text, err := os.ReadFile(files.Pipeline)
	if err != nil {
		t.Fatal(err)
	}
	_, tasks, _ := strings.Cut(string(text), "tasks:")
	extract, _, _ := strings.Cut(tasks, "# 2.")
	extract = strings.NewReplacer("affs_data: affs", "affs_data: {store: volume.zarr/affs}", "db: graph", "db: {path: again.sqlite}",
		"frags_data: fragments", "frags_data: {store: again.zarr, keep: until_consumed}", "task_type: extract-frags", "task_type: extract-frags\n    num_workers: 1").Replace(extract)
	file := filepath.Join(filepath.Dir(files.Pipeline), "again.yaml")
	write(t, file, "tasks:"+extract+`
  - {task_type: relabel, frags_data: {store: again.zarr}, seg_data: {store: segments.zarr}, lut: {path: volume.zarr/segmentation.npz},
     `+regexp.MustCompile(`block_size: \[.*?\]`).FindString(extract)+"}\n")
	c := up("--workers", "2", file)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	dir, most := filepath.Dir(file), 0
	for done := false; !done; {
		most = max(most, chunkFiles(t, filepath.Join(dir, "again.zarr")))
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		case <-time.After(2 * time.Millisecond):
		}
	}
	t.Logf("at most %d of %d chunks were there at once", most, all)
	if most == 0 || most >= all || chunkFiles(t, filepath.Join(dir, "again.zarr")) != 0 {
		t.Errorf("at most %d of %d chunks were there at once, %d in the end", most, all, chunkFiles(t, filepath.Join(dir, "again.zarr")))
	}
	if err := same(filepath.Join(dir, "segments.zarr"), files.Segments); err != nil {
		t.Error(err)
	}
}
