package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

func TestLocal(t *testing.T) {
	for _, options := range []store.LocalOptions{{}, {Sync: true}, {Create: true}} {
		t.Run(fmt.Sprintf("%+v", options), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store { return openLocal(t, t.TempDir(), options) })
		})
	}
}

func openLocal(t *testing.T, dir string, options store.LocalOptions) *store.Local {
	t.Helper()
	l, err := store.OpenLocal(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestLocalOpen(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "a", "b")
	if _, err := store.OpenLocal(missing, store.LocalOptions{}); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("opening a missing directory: %v", err)
	}
	openLocal(t, missing, store.LocalOptions{Create: true})
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenLocal(file, store.LocalOptions{Create: true}); err == nil {
		t.Error("opened a file")
	}
}

// TestPartialFiles leaves temporary files as a crash does.
func TestPartialFiles(t *testing.T) {
	dir := t.TempDir()
	l := openLocal(t, dir, store.LocalOptions{})
	if err := l.Put(t.Context(), "c/0", []byte("x")); err != nil {
		t.Fatal(err)
	}
	old, fresh := filepath.Join(dir, "c", ".0.abc.partial"), filepath.Join(dir, "c", ".0.def.partial")
	for _, f := range []string{old, fresh} {
		if err := os.WriteFile(f, []byte("half"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	for e, err := range l.List(t.Context(), "") {
		if err != nil || e.Key != "c/0" {
			t.Errorf("listed %v, %v", e, err)
		}
	}
	removed, err := l.Clean(t.Context(), time.Hour)
	if removed != 1 || err != nil {
		t.Errorf("cleaned %d, %v", removed, err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Error("the old temporary file is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("the fresh temporary file is gone")
	}
}

// TestFailedPut leaves nothing behind and does not say that the value is missing.
func TestFailedPut(t *testing.T) {
	dir := t.TempDir()
	l := openLocal(t, dir, store.LocalOptions{})
	if err := l.Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	err := l.Put(t.Context(), "a/b", []byte("y"))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "a", "b")) {
		t.Errorf("Put through a file: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), "d", []byte("y")); err == nil {
		t.Error("Put over a directory succeeded")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestRenamedDirectory renames the directory under a writer: nothing appears in what takes its place.
func TestRenamedDirectory(t *testing.T) {
	parent := t.TempDir()
	dir, trash := filepath.Join(parent, "a"), filepath.Join(parent, "trash")
	l := openLocal(t, dir, store.LocalOptions{Create: true})
	if err := os.Rename(dir, trash); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), "c/0", []byte("late")); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("a late write came through: %v, %v", entries, err)
	}
	if _, err := os.Stat(filepath.Join(trash, "c", "0")); err != nil {
		t.Error(err)
	}
}

// TestLinksDoNotLeadOut writes through a link that leaves the directory.
func TestLinksDoNotLeadOut(t *testing.T) {
	parent := t.TempDir()
	l := openLocal(t, filepath.Join(parent, "a"), store.LocalOptions{Create: true})
	if err := os.Symlink(parent, filepath.Join(parent, "a", "c")); err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), "c/0", []byte("out")); err == nil {
		t.Error("wrote through a link out of the store")
	}
}

// TestLockAcrossStores counts through several Locals of one directory, as several processes would.
func TestLockAcrossStores(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		l := openLocal(t, dir, store.LocalOptions{})
		for range 2 {
			wg.Go(func() {
				for range 20 {
					unlock, err := l.Lock(t.Context(), "", "c/0")
					if err != nil {
						t.Error(err)
						return
					}
					v, err := l.Get(t.Context(), "c/0")
					if err != nil && !errors.Is(err, store.ErrNotExist) {
						t.Error(err)
					}
					if err := l.Put(t.Context(), "c/0", append(v, 'x')); err != nil {
						t.Error(err)
					}
					unlock()
				}
			})
		}
	}
	wg.Wait()
	v, err := openLocal(t, dir, store.LocalOptions{}).Get(t.Context(), "c/0")
	if err != nil || len(v) != 160 {
		t.Errorf("%d increments of 160, %v", len(v), err)
	}
}

// TestLockOfANode takes the lock of a key of a node through stores of the directories around it.
func TestLockOfANode(t *testing.T) {
	dir := t.TempDir()
	around, inside := openLocal(t, dir, store.LocalOptions{}), openLocal(t, filepath.Join(dir, "a", "b"), store.LocalOptions{Create: true})
	excluded := func(what string) {
		t.Helper()
		unlock, err := around.Lock(t.Context(), "a/b/", "c/0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := inside.Lock(ctx, "", "c/0"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: locked twice: %v", what, err)
		}
		unlock()
	}
	excluded("as opened")
	// A directory that takes the place of one that was moved away has locks of its own.
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	inside = openLocal(t, filepath.Join(dir, "a", "b"), store.LocalOptions{Create: true})
	excluded("in place of another one")
	for i := range 40 { // more than are kept open
		unlock, err := around.Lock(t.Context(), fmt.Sprintf("n/%d/", i), "zarr.json")
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
	}
}

// TestLockGivenUp gives up waiting for another Local's lock; the lock stays whole.
func TestLockGivenUp(t *testing.T) {
	dir := t.TempDir()
	a, b := openLocal(t, dir, store.LocalOptions{}), openLocal(t, dir, store.LocalOptions{})
	unlock, err := a.Lock(t.Context(), "", "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.Lock(ctx, "", "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("locked twice: %v", err)
	}
	unlock()
	unlock, err = b.Lock(t.Context(), "", "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := a.Lock(ctx, "", "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("locked twice: %v", err)
	}
	unlock()
}
