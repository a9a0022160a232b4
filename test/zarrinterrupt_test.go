package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"volara/nd"
	"volara/zarr"
)

// TestReadersInterrupted interrupts commands that have no blocks to finish, in the midst of an array that takes hours.
func TestReadersInterrupted(t *testing.T) {
	dir := t.TempDir()
	a, err := zarr.Create(t.Context(), filepath.Join(dir, "a.zarr"), zarr.Spec{Shape: []int{1 << 45}, Chunks: []int{1 << 20}, DType: nd.Uint8})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"stats", "sha256"} {
		c := volara(dir, "zarr", command, "a.zarr", "--memory", "64MiB", "--workers", "1")
		var text strings.Builder
		c.Stdout, c.Stderr = &text, &text
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // the status tells
		if code, says := c.ProcessState.ExitCode(), text.String(); code != 130 || says != "stopping; interrupt again to stop at once\n" {
			t.Errorf("%s: exit status %d\n%s", command, code, says)
		}
	}
}
