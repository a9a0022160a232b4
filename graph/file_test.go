package graph_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"volara/graph"
)

func content(text string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

// A writer that lost its right while it wrote leaves the file as it is, and nothing beside it.
func TestFileOfAFencedWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := graph.WriteFile(path, content("mine")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := graph.WriteFileAs(ctx, path, "old", func(f *os.File) error {
		cancel()
		return content("late")(f)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the late writer was told %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

// What is taken from a writer can no longer replace the file; other owners and other files keep theirs.
func TestVoidWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	try := func(owner, except string) error {
		return graph.WriteFileAs(t.Context(), path, owner, func(f *os.File) error {
			other := filepath.Join(filepath.Dir(path), ".file.json.old.0123456789abcdef.tmp") // of file.json
			if err := os.WriteFile(other, nil, 0o666); err != nil {
				return err
			}
			if err := graph.VoidWrites(path, except); err != nil {
				return err
			}
			if _, err := os.Stat(other); err != nil {
				t.Errorf("another file's write is gone: %v", err)
			}
			return content(owner)(f)
		})
	}
	for _, c := range []struct {
		owner, except string
		voided        bool
	}{{"old", "new", true}, {"new", "new", false}, {"new", "", true}, {"", "new", true}} {
		err := try(c.owner, c.except)
		if voided := errors.Is(err, fs.ErrNotExist); voided != c.voided || !voided && err != nil {
			t.Errorf("owner %q, all but %q: %v", c.owner, c.except, err)
		}
	}
	if err := graph.VoidWrites(filepath.Join(t.TempDir(), "no", "folder"), ""); err != nil {
		t.Error(err)
	}
}
