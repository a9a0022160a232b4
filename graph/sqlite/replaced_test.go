package sqlite_test

import (
	"path/filepath"
	"testing"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// A database that was removed under a sleeping process and made anew by another is not touched by the sleeper.
func TestReplacedWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rag.sqlite")
	schema := rag(t, graph.Attr{Name: "a", Type: graph.Float})
	sleeper := mustOpen(t, path, schema, create)
	write(t, sleeper)
	if err := sqlite.Remove(path); err != nil {
		t.Fatal(err)
	}
	now := mustOpen(t, path, schema, create)
	write(t, now)
	if err := sleeper.Close(); err != nil {
		t.Fatal(err)
	}
	other := mustOpen(t, path, graph.Schema{}, readOnly) // as a third process sees it
	n := 0
	for _, err := range other.Nodes(t.Context(), geometry.Roi{}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d nodes, not 2", n)
	}
}
