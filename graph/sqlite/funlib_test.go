package sqlite_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// TestDatabasesOfFunlib reads and continues what testdata/make.py made.
func TestDatabasesOfFunlib(t *testing.T) {
	ctx := context.Background()
	for dims := 1; dims <= 3; dims++ {
		folder := copyFiles(t, fmt.Sprintf("testdata/funlib%dd*", dims))
		before := contents(t, folder)
		path := filepath.Join(folder, fmt.Sprintf("funlib%dd.sqlite", dims))
		schema, err := graph.NewSchema(dims,
			[]graph.Attr{{Name: "code", Type: graph.Vec(2)}, {Name: "name", Type: graph.String}},
			[]graph.Attr{{Name: "adj_weight", Type: graph.Float}, {Name: "count", Type: graph.Int}})
		if err != nil {
			t.Fatal(err)
		}
		reader := mustOpen(t, path, schema, readOnly)
		asFunlibMade(t, reader, dims)
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(contents(t, folder), before) {
			t.Errorf("%dD: reading changed %q", dims, slices.Sorted(maps.Keys(contents(t, folder))))
		}

		store := mustOpen(t, path, schema, create)
		asFunlibMade(t, store, dims)
		w := graph.Writer{Task: "t", Generation: "g"}
		if err := store.SetGeneration(ctx, "t", "g"); err != nil {
			t.Fatal(err)
		}
		if err := store.WriteEdges(ctx, w, []string{"count"}, []graph.Edge{{U: 1, V: 2, Values: []float64{9}}}); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if name := fmt.Sprintf("funlib%dd-meta.json", dims); contents(t, folder)[name] != before[name] {
			t.Errorf("%dD: metadata that said it all were written again", dims)
		}
		edges, err := graph.Collect(mustOpen(t, path, schema, sqlite.Options{}).Edges(ctx, geometry.Roi{}, []string{"count"}))
		if err != nil || fmt.Sprint(edges) != "[{1 2 [9]} {1 4 [NaN]} {2 3 [7]}]" {
			t.Errorf("%dD: edges %v, error %v", dims, edges, err)
		}
	}
}

func asFunlibMade(t *testing.T, store *sqlite.Store, dims int) {
	t.Helper()
	ctx := context.Background()
	var want []string
	for i := 1; i <= 4; i++ {
		position := geometry.Fill(dims, 8*i)
		for d := range position {
			position[d] += d // the fourth node's halves are rounded down
		}
		want = append(want, fmt.Sprintf("{%d %v %d [%v %v node '%d' <nil>]}", i, position, 100*i, i, float64(i)/4, i))
	}
	nodes, err := graph.Collect(store.Nodes(ctx, geometry.Roi{}, []string{"code", "name", "filtered"}))
	if got := fmt.Sprint(nodes); err != nil || got != "["+strings.Join(want, " ")+"]" {
		t.Errorf("%dD: nodes %s, error %v", dims, got, err)
	}
	region := geometry.NewRoi(geometry.Fill(dims, 9), geometry.Fill(dims, 20))
	edges, err := graph.Collect(store.Edges(ctx, region, []string{"adj_weight", "count", "distance"}))
	if err != nil || fmt.Sprint(edges) != "[{2 3 [0.25 7 NaN]}]" {
		t.Errorf("%dD: edges %v, error %v", dims, edges, err)
	}
	if total := store.Schema().Total; dims == 2 != total.Equal(geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{100, 200})) {
		t.Errorf("%dD: the graph's region is %v", dims, total)
	}
}

// copyFiles copies the files of a pattern into a new folder.
func copyFiles(t *testing.T, pattern string) string {
	t.Helper()
	folder := t.TempDir()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
