package test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// rooms lists the packages from the bottom up: a room imports only rooms above it in this list. What follows the
// colon are the only rooms that it may import where that is less than all above.
var rooms = []struct {
	name string
	only []string
}{
	{name: "fault"},
	{name: "geometry"},
	{name: "nd"},
	{name: "kernels", only: []string{"nd"}},
	{name: "zarr/store"},
	{name: "zarr/pyjson", only: []string{}},
	{name: "zarr/codec/shuffle", only: []string{}},
	{name: "zarr/codec"},
	{name: "zarr/ngff", only: []string{"fault", "zarr/store", "zarr/pyjson"}},
	{name: "zarr"},
	{name: "zarr/validate", only: []string{"fault", "zarr/store", "zarr/ngff", "zarr"}},
	{name: "graph/npz"},
	{name: "graph"},
	{name: "graph/funlib"},
	{name: "graph/sqlite"},
	{name: "config", only: []string{"geometry"}},
	{name: "zarr/lazy"},
	{name: "volume"},
	{name: "picture"},
	{name: "transfer"},
	{name: "stages"},
	{name: "stream", only: []string{"geometry", "fault"}},
	{name: "isolate", only: []string{"geometry", "fault", "stream"}},
	{name: "embedded", only: []string{"fault"}},
	{name: "pipeline"},
	{name: "demo"},
	{name: "console", only: []string{"stream", "geometry"}},
	{name: "dashboard", only: []string{"stream"}},
	{name: "blockmap", only: []string{"stream", "geometry", "picture"}},
	{name: "follow", only: []string{"stream", "pipeline", "blockmap"}},
	{name: "view"},
	{name: "cmd/internal/cli"},
	{name: "cmd/volara"},
	{name: "cmd/stage"},
	{name: "scripts/bench/zarr", only: []string{"nd", "zarr"}},
}

// suites are imported by tests only, beside the room they belong to.
var suites = []string{"zarr/store/storetest", "zarr/codec/codectest", "graph/graphtest", "test"}

// TestLayering holds the direction of imports between rooms.
func TestLayering(t *testing.T) {
	rank := map[string]int{}
	for i, r := range rooms {
		rank[r.name] = i + 1
	}
	for _, s := range suites {
		rank[s] = len(rooms) + 1
	}
	seen := map[string]bool{}
	for file, imports := range importsBelow(t, "..") {
		room := filepath.ToSlash(filepath.Dir(file))
		if rank[room] == 0 {
			t.Errorf("%s: the room %s is not in the list of this test", file, room)
			continue
		}
		seen[room] = true
		for _, path := range imports {
			checkImport(t, file, room, path, rank)
		}
	}
	for _, r := range rooms {
		if !seen[r.name] {
			t.Errorf("the room %s is listed but holds no Go file", r.name)
		}
	}
}

func checkImport(t *testing.T, file, room, path string, rank map[string]int) {
	t.Helper()
	imported, own := strings.CutPrefix(path, "volara/")
	if !own {
		return
	}
	if rank[imported] >= rank[room] {
		t.Errorf("%s imports %s, which lies below it", file, imported)
	}
	for _, r := range rooms {
		if r.name != room || r.only == nil {
			continue
		}
		allowed := false
		for _, o := range r.only {
			allowed = allowed || o == imported
		}
		if !allowed {
			t.Errorf("%s imports %s; %s may import %v only", file, imported, room, r.only)
		}
	}
}

// importsBelow returns the imports of every Go file that is part of a program.
func importsBelow(t *testing.T, root string) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[rel] = []string{}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			files[rel] = append(files[rel], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
