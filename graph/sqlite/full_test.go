package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
)

// TestFull lets a database grow until SQLite has no room: writes fail as the environment's fault, what was there stays,
// and once there is room they succeed.
func TestFull(t *testing.T) {
	ctx, w := context.Background(), graph.Writer{Task: "t", Generation: "g"}
	schema, err := graph.NewSchema(3, nil, []graph.Attr{{Name: "a", Type: graph.Float}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, filepath.Join(t.TempDir(), "db.sqlite"), schema, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetGeneration(ctx, "t", "g"); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		if err := s.writer.do(ctx, 0, func(c *conn) error { return c.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)) }); err != nil {
			t.Fatal(err)
		}
	}
	block := func(b int64) []graph.Edge {
		edges := make([]graph.Edge, 5000)
		for i := range edges {
			edges[i] = graph.Edge{U: b, V: b + 1 + int64(i), Values: []float64{0.5}}
		}
		return edges
	}
	limit(20)
	if err := s.WriteEdges(ctx, w, []string{"a"}, block(1)[:100]); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteEdges(ctx, w, []string{"a"}, block(2)); !fault.IsEnvironment(err) {
		t.Fatalf("full: %v", err)
	}
	count := func(want int) {
		t.Helper()
		edges, err := graph.Collect(s.Edges(ctx, geometry.Roi{}, nil))
		if err != nil || len(edges) != want {
			t.Fatalf("%d edges, not %d; error %v", len(edges), want, err)
		}
	}
	count(100)
	limit(1 << 20)
	if err := s.WriteEdges(ctx, w, []string{"a"}, block(2)); err != nil {
		t.Fatal(err)
	}
	count(5100)
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err                    error
		permanent, environment bool
	}{
		{nil, false, false},
		{errors.New("other"), false, false},
		{sqlite3.Error{Code: sqlite3.ErrBusy}, false, true},
		{sqlite3.Error{Code: sqlite3.ErrFull}, false, true},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC}, false, true},
		{sqlite3.Error{Code: sqlite3.ErrCorrupt}, true, false},
		{sqlite3.Error{Code: sqlite3.ErrNotADB}, true, false},
		{sqlite3.Error{Code: sqlite3.ErrConstraint}, false, false},
	} {
		err := explain("x.sqlite", c.err)
		if fault.IsPermanent(err) != c.permanent || fault.IsEnvironment(err) != c.environment || (err == nil) != (c.err == nil) {
			t.Errorf("%v becomes %v", c.err, err)
		}
	}
}

// TestDatabaseOfOthers reads and writes a database whose tables have other names, made by funlib's users.
func TestDatabaseOfOthers(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "skeletons.db")
	c, err := connect(path, "mode=rwc", 0)
	if err != nil {
		t.Fatal(err)
	}
	err = c.exec("CREATE TABLE points(id INTEGER not null PRIMARY KEY, center_0, center_1, skeleton_id)",
		`CREATE TABLE "links"(source INTEGER not null, target INTEGER not null, weight, PRIMARY KEY (source, target))`,
		"INSERT INTO points VALUES (5, 1.9, -0.5, 720575940379283456), (6, 10, 20, NULL)",
		"INSERT INTO links VALUES (5, 6, 1)")
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	if err := writeText(metadataPath(path), `{"position_attribute": "center", "directed": false, "total_roi_offset": [0, null], "total_roi_shape": [10, 20],
		"nodes_table_name": "points", "edges_table_name": "links", "endpoint_names": ["source", "target"],
		"node_attrs": {"skeleton_id": "int", "center": "Vec(float, 2)"}, "edge_attrs": {"weight": "float"}, "ndims": 2}`); err != nil {
		t.Fatal(err)
	}
	schema, err := graph.NewSchema(2, []graph.Attr{{Name: "skeleton_id", Type: graph.Int}}, []graph.Attr{{Name: "weight", Type: graph.Float}})
	if err != nil {
		t.Fatal(err)
	}
	for _, options := range []Options{{ReadOnly: true}, {}, {Create: true}} {
		s, err := Open(ctx, path, schema, options)
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := graph.Collect(s.Nodes(ctx, geometry.NewRoi(geometry.Coordinate{1, -1}, geometry.Coordinate{1, 1}), []string{"skeleton_id"}))
		if err != nil || len(nodes) != 1 || !nodes[0].Position.Equal(geometry.Coordinate{1, -1}) || nodes[0].Values[0] != int64(720575940379283456) {
			t.Errorf("%+v: nodes %v, error %v", options, nodes, err)
		}
		edges, err := graph.Collect(s.Edges(ctx, geometry.NewRoi(geometry.Coordinate{0, -1}, geometry.Coordinate{5, 1}), []string{"weight"}))
		if err != nil || len(edges) != 1 || edges[0].Values[0] != 1 {
			t.Errorf("%+v: edges %v, error %v", options, edges, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMetadataPath(t *testing.T) {
	for path, want := range map[string]string{
		"a/db.sqlite": "a/db-meta.json", "db": "db-meta.json", "/x/v1.2.sqlite": "/x/v1.2-meta.json",
		".hidden": ".hidden-meta.json", "a.b/db": "a.b/db-meta.json", "db.": "db.-meta.json",
	} {
		if got := metadataPath(path); got != want {
			t.Errorf("metadata of %s: %s, not %s", path, got, want)
		}
	}
}

func writeText(path, text string) error { return os.WriteFile(path, []byte(text), 0o666) }
