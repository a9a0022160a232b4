package test

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
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
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for kills := 0; ; kills++ {
		c := pyramid(dst)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(50+r.IntN(200))*time.Millisecond<<(kills/2), func() { _ = c.Process.Kill() })
		err := c.Wait()
		timer.Stop()
		if err == nil {
			t.Logf("killed %d times", kills)
			break
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatal(err)
		}
	}
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
