package view

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
)

// TestNamesStay demands that a page which is open reads what it began to read, whatever else turns up, and that what comes
// back has the name that it had.
func TestNamesStay(t *testing.T) {
	dir := t.TempDir()
	array := func(path string, size int) {
		t.Helper()
		create(t, filepath.Join(dir, path), zarr.Spec{Shape: []int{size}, Chunks: []int{4}, DType: nd.Uint8})
	}
	s, _ := serving(t, dir)
	called := func() string {
		t.Helper()
		scene, err := s.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, l := range scene.Layers {
			parts = append(parts, fmt.Sprintf("%s %d", l.Name, l.Shape[0]))
		}
		return strings.Join(parts, ", ")
	}
	array("b.zarr/frags", 8)
	if got := called(); got != "frags 8" {
		t.Errorf("first: %s", got)
	}
	array("a.zarr/frags", 4)
	if got := called(); got != "frags-2 4, frags 8" {
		t.Errorf("when another has come: %s", got)
	}
	if err := os.Rename(filepath.Join(dir, "b.zarr"), filepath.Join(dir, "c.zarr")); err != nil {
		t.Fatal(err)
	}
	if got := called(); got != "frags-2 4, frags-3 8" {
		t.Errorf("when the first has gone: %s", got)
	}
	if err := os.Rename(filepath.Join(dir, "c.zarr"), filepath.Join(dir, "b.zarr")); err != nil {
		t.Fatal(err)
	}
	if got := called(); got != "frags-2 4, frags 8" {
		t.Errorf("when it is back: %s", got)
	}
}

// TestBounds demands that requests together decode no more than they may, and a word about chunks that are too large.
func TestBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels")
	create(t, path, zarr.Spec{Shape: []int{2 << 18}, Chunks: []int{2 << 18}, DType: nd.Int64, Codec: "zstd"})
	find := Paths([]Request{{Path: path}}, zarr.Overrides{})
	for _, c := range []struct {
		cache  int
		memory int64
		says   string
		err    error
	}{
		{8 << 20, 0, "", nil},
		{1 << 20, 64 << 20, "--cache", nil},
		{8 << 20, 1 << 20, "--memory", zarr.ErrTooLarge},
	} {
		s := NewServer(Options{Find: find, CacheBytes: c.cache, MemoryBytes: c.memory, Log: slog.New(slog.DiscardHandler)})
		scene, err := s.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l := scene.Layers[0]
		if notes := strings.Join(l.Notes, ""); !strings.Contains(notes, c.says) || c.says == "" && notes != "" {
			t.Errorf("%+v: the notes are %q", c, notes)
		}
		o, err := l.tree.open(context.Background(), "c/0")
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil {
			o.Close()
		}
	}
}
