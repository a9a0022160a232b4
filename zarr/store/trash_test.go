package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"volara/zarr/store"
)

// TestTrash empties the trash of one directory: nothing else whose name is like it.
func TestTrash(t *testing.T) {
	dir := t.TempDir()
	stays := []string{".raw.old.trash", ".raw.add.trash", ".raw.2.0123456789abcdef.trash", ".raws.0123456789abcdef.trash",
		".raw.0123456789ABCDEF.trash", "raw.0123456789abcdef.trash", ".raw.0123456789abcdef.trash.old", "xraw"}
	for _, name := range append(stays, "raw/c", ".raw.0123456789abcdef.trash/c/0") {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	raw := filepath.Join(dir, "raw")
	if err := store.MoveAway(raw); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, ".raw.*.trash")); err != nil || len(names) != 6 {
		t.Errorf("%q, %v", names, err)
	}
	if err := store.EmptyTrash(raw); err != nil {
		t.Fatal(err)
	}
	for _, name := range stays {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != len(stays) {
		t.Errorf("%v, %v", left, err)
	}
	if err := store.EmptyTrash(filepath.Join(dir, "no", "such")); err != nil {
		t.Error(err)
	}
}
