package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/zarr/store"
)

func openNode(t *testing.T, location string, o store.Options) *store.Node {
	t.Helper()
	n, err := store.Open(t.Context(), location, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func TestNodeOfADirectory(t *testing.T) {
	dir := t.TempDir()
	n := openNode(t, filepath.Join(dir, "v.zarr", "raw"), store.Options{LocalOptions: store.LocalOptions{Create: true}})
	for _, key := range []string{"zarr.json", "c/0/0", "a/zarr.json"} {
		if err := n.Store.Put(t.Context(), n.Prefix+key, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "v.zarr", "notes.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{n.String(), "file://" + n.String()} {
		nodeIsWhole(t.Context(), t, openNode(t, location, store.Options{}), dir)
	}
}

func nodeIsWhole(ctx context.Context, t *testing.T, n *store.Node, dir string) {
	t.Helper()
	names, err := n.Names(ctx, 10)
	if want := []string{"a/", "c/", "zarr.json"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("names: %q, %v", names, err)
	}
	if names, err := n.Names(ctx, 2); err != nil || len(names) != 2 {
		t.Errorf("two names: %q, %v", names, err)
	}
	if !n.Has(ctx, "zarr.json") || n.Has(ctx, "c") || n.Has(ctx, ".zarray") {
		t.Error("what it has is told wrongly")
	}
	child, err := n.Child("a/")
	if err != nil || child.String() != filepath.Join(dir, "v.zarr", "raw", "a") || child.Base() != "a" || !child.Has(ctx, "zarr.json") {
		t.Errorf("child %v, %v", child, err)
	}
	up, ok := child.Parent()
	if !ok || up.String() != n.String() {
		t.Errorf("the child's parent is %v", up)
	}
	if up, ok = n.Parent(); !ok || up.String() != filepath.Join(dir, "v.zarr") {
		t.Errorf("the parent is %v", up)
	}
	if names, err := up.Names(ctx, 10); err != nil || !slices.Equal(names, []string{"notes.txt", "raw/"}) {
		t.Errorf("names of the parent: %q, %v", names, err)
	}
	if n.IsObject(ctx) {
		t.Error("a directory is called an object")
	}
	if notes, err := up.Child("notes.txt"); err != nil || !notes.IsObject(ctx) {
		t.Errorf("a file is not called an object; %v", err)
	}
	if _, err := n.Get(ctx, "zarr.json", 1); !errors.Is(err, store.ErrRange) {
		t.Errorf("a value beyond the limit: %v", err)
	}
	for _, at := range []string{"", "/", "..", "a/../..", "a//b"} {
		if c, err := n.Child(at); err == nil {
			t.Errorf("the child %q is %v", at, c)
		}
	}
}

// What is not there has no keys and takes none, also when it is come upon from above.
func TestNodeOfNothing(t *testing.T) {
	n := openNode(t, filepath.Join(t.TempDir(), "a", "b"), store.Options{})
	if _, err := n.Get(t.Context(), "zarr.json", 100); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("Get: %v", err)
	}
	if names, err := n.Names(t.Context(), 10); err != nil || len(names) != 0 {
		t.Errorf("names: %q, %v", names, err)
	}
	if err := n.Store.Put(t.Context(), "zarr.json", nil); err == nil {
		t.Error("wrote into nothing")
	}
	depth := 0
	for up, ok := n.Parent(); ok; up, ok = up.Parent() {
		depth++
	}
	if depth < 3 {
		t.Errorf("%d parents", depth)
	}
	for _, location := range []string{"", "file://", "ftp://host/a"} {
		if _, err := store.Open(t.Context(), location, store.Options{}); err == nil {
			t.Errorf("%q was opened", location)
		}
	}
}
