package store

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// TestManyDirectories writes into more directories at once than are remembered: none is closed while a value is written
// in it, and in the end all are.
func TestManyDirectories(t *testing.T) {
	l, err := OpenLocal(t.TempDir(), LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("how many files are open is told by /proc alone")
		}
		return len(entries)
	}
	before := open()
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 400 {
				if err := l.Put(t.Context(), fmt.Sprintf("c/%d/%d", (i*7+w*13)%(3*maxDirs), w), []byte{byte(i)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	if got := open(); got > before+maxDirs {
		t.Errorf("%d files are open, %d were", got, before)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got := open(); got >= before {
		t.Errorf("%d files are open after the store was closed, %d were", got, before)
	}
}

// TestDirectoryInUse forgets a directory while a value is written in it: it is closed afterwards.
func TestDirectoryInUse(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var d dirs
	used, err := d.use(root, "used", false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxDirs {
		other, err := d.use(root, fmt.Sprint(i), false)
		if err != nil {
			t.Fatal(err)
		}
		d.done(other)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := used.Stat(); err != nil {
		t.Errorf("it is closed while it is in use: %v", err)
	}
	d.done(used)
	if _, err := used.Stat(); err == nil {
		t.Error("it stays open when it is forgotten and nobody uses it")
	}
}
