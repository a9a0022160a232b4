package store

import (
	"context"
	"errors"
	"os"
	"testing"
)

// An askedContext calls back when it is asked for its error for the n-th time.
type askedContext struct {
	context.Context
	asked *int
	at    int
	call  func() error
}

func (c askedContext) Err() error {
	if *c.asked++; *c.asked == c.at {
		return c.call()
	}
	return c.Context.Err()
}

// Put asks for its right after it has written and before others see the value.
func TestPutAsksBeforeItRenames(t *testing.T) {
	l, err := OpenLocal(t.TempDir(), LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx := askedContext{t.Context(), new(int), 2, func() error { return context.Canceled }}
	if err := l.Put(ctx, "a/b", []byte("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("told %v", err)
	}
	if _, err := l.Get(t.Context(), "a/b"); !errors.Is(err, ErrNotExist) {
		t.Errorf("the value: %v", err)
	}
	if entries, err := os.ReadDir(l.Name("a")); err != nil || len(entries) != 0 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

// A file that Clean took for one left behind is written again.
func TestPutWhileCleaned(t *testing.T) {
	l, err := OpenLocal(t.TempDir(), LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	removed := 0
	ctx := askedContext{t.Context(), new(int), 2, func() error {
		removed, err = l.Clean(t.Context(), 0)
		return err
	}}
	if err := l.Put(ctx, "a/b", []byte("value")); err != nil || removed != 1 {
		t.Fatalf("%v, %d removed", err, removed)
	}
	if value, err := l.Get(t.Context(), "a/b"); err != nil || string(value) != "value" {
		t.Errorf("the value is %q, %v", value, err)
	}
}
