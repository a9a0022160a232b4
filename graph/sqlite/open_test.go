package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

var (
	create   = sqlite.Options{Create: true}
	readOnly = sqlite.Options{ReadOnly: true}
)

func rag(t testing.TB, edgeAttrs ...graph.Attr) graph.Schema {
	t.Helper()
	schema, err := graph.NewSchema(3, nil, edgeAttrs)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func mustOpen(t testing.TB, path string, schema graph.Schema, options sqlite.Options) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(context.Background(), path, schema, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// fill makes a database of two nodes and an edge and closes it.
func fill(t testing.TB, path string) {
	t.Helper()
	store := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
	write(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, store graph.Store) {
	t.Helper()
	ctx, w := context.Background(), graph.Writer{Task: "t", Generation: "g"}
	err := errors.Join(
		store.SetGeneration(ctx, "t", "g"),
		store.WriteNodes(ctx, w, graph.IDRange{From: 1, To: 10}, nil, []graph.Node{
			{ID: 1, Position: geometry.Coordinate{8, 16, 24}, Size: 3}, {ID: 2, Position: geometry.Coordinate{0, 0, 0}, Size: 5}}),
		store.WriteEdges(ctx, w, []string{"a"}, []graph.Edge{{U: 1, V: 2, Values: []float64{0.5}}}))
	if err != nil {
		t.Fatal(err)
	}
}

// holds checks that the database is what fill made.
func holds(t testing.TB, store graph.Store) {
	t.Helper()
	nodes, err := graph.Collect(store.Nodes(context.Background(), geometry.Roi{}, nil))
	if err != nil || len(nodes) != 2 || nodes[1].Size != 5 || !nodes[0].Position.Equal(geometry.Coordinate{8, 16, 24}) {
		t.Errorf("nodes %v, error %v", nodes, err)
	}
	edges, err := graph.Collect(store.Edges(context.Background(), geometry.Roi{}, []string{"a"}))
	if err != nil || len(edges) != 1 || edges[0].Values[0] != 0.5 {
		t.Errorf("edges %v, error %v", edges, err)
	}
}

// contents returns the files of a folder.
func contents(t testing.TB, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func TestCloseLeavesOneFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "with its folders")
	path := filepath.Join(folder, "a?b #1%20.sqlite")
	fill(t, path)
	files := slices.Sorted(maps.Keys(contents(t, folder)))
	if want := []string{"a?b #1%20-meta.json", "a?b #1%20.sqlite"}; !slices.Equal(files, want) {
		t.Errorf("files %q, not %q", files, want)
	}
	holds(t, mustOpen(t, path, graph.Schema{}, sqlite.Options{}))
}

func TestMetadataIsFunlibs(t *testing.T) {
	folder := t.TempDir()
	fill(t, filepath.Join(folder, "v1.db.sqlite"))
	want := `{"position_attribute":"position","directed":false,"total_roi_offset":[null,null,null],` +
		`"total_roi_shape":[null,null,null],"nodes_table_name":"nodes","edges_table_name":"edges","endpoint_names":["u","v"],` +
		`"node_attrs":{"position":"Vec(float, 3)","size":"int","filtered":"bool"},"edge_attrs":{"distance":"float","a":"float"},"ndims":3}`
	if got := contents(t, folder)["v1.db-meta.json"]; got != want {
		t.Errorf("metadata\n%s, not\n%s", got, want)
	}
}

// TestHalfMade opens what a process killed while creating, or while dropping, leaves behind.
func TestHalfMade(t *testing.T) {
	for name, spoil := range map[string]func(folder string) error{
		"nothing is missing":     func(string) error { return nil },
		"no metadata":            func(d string) error { return os.Remove(filepath.Join(d, "db-meta.json")) },
		"a temporary file":       func(d string) error { return os.WriteFile(filepath.Join(d, ".db-meta.json.1.tmp"), []byte("{"), 0o600) },
		"metadata of less":       func(d string) error { return dropFromMetadata(d, `,"a":"float"`) },
		"metadata of no default": func(d string) error { return dropFromMetadata(d, `,"filtered":"bool"`) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "db.sqlite")
			fill(t, path)
			before := contents(t, folder)["db-meta.json"]
			if err := spoil(folder); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				store := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
				holds(t, store)
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
			}
			after := contents(t, folder)["db-meta.json"]
			if sortBytes(before) != sortBytes(after) {
				t.Errorf("metadata %s, not %s", after, before)
			}
		})
	}
}

func dropFromMetadata(folder, text string) error {
	path := filepath.Join(folder, "db-meta.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(data, []byte(text), nil, 1), 0o666)
}

func sortBytes(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

func TestCreateOverRemains(t *testing.T) {
	for name, remains := range map[string]map[string]string{
		"an empty file":              {"db.sqlite": ""},
		"metadata of a dropped file": {"db-meta.json": `{"position_attribute":"p","directed":true,"total_roi_offset":[null,null],"total_roi_shape":[null,null],"nodes_table_name":"n","edges_table_name":"e","endpoint_names":["a","b"],"node_attrs":{"p":"Vec(float, 2)"},"edge_attrs":{},"ndims":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, data := range remains {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(data), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(folder, "db.sqlite")
			if _, err := sqlite.Open(context.Background(), path, graph.Schema{}, readOnly); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("opened for reading: %v", err)
			}
			if !maps.Equal(contents(t, folder), remains) {
				t.Error("opening for reading changed something")
			}
			fill(t, path)
			holds(t, mustOpen(t, path, graph.Schema{}, readOnly))
		})
	}
}

func TestMissing(t *testing.T) {
	for _, options := range []sqlite.Options{{}, readOnly} {
		folder := t.TempDir()
		if _, err := sqlite.Open(context.Background(), filepath.Join(folder, "db.sqlite"), rag(t), options); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v: %v", options, err)
		}
		if files := contents(t, folder); len(files) > 0 {
			t.Errorf("%+v made %v", options, files)
		}
	}
}

func TestSchemaErrorsNameWhatDiffers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite")
	fill(t, path)
	wanted := rag(t, graph.Attr{Name: "a", Type: graph.Int}, graph.Attr{Name: "b", Type: graph.Float})
	for _, c := range []struct {
		options sqlite.Options
		want    []string
	}{
		{create, []string{path, "edge attribute a is float, not int"}},
		{sqlite.Options{}, []string{path, "edge attribute a is float, not int", "no edge attribute b (float)"}},
		{readOnly, []string{path, "edge attribute a is float, not int", "no edge attribute b (float)"}},
	} {
		_, err := sqlite.Open(context.Background(), path, wanted, c.options)
		if !errors.Is(err, graph.ErrSchema) {
			t.Errorf("%+v: %v", c.options, err)
			continue
		}
		for _, text := range c.want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%+v: %q does not say %q", c.options, err, text)
			}
		}
	}
	holds(t, mustOpen(t, path, graph.Schema{}, readOnly))
}

// TestMetadataPromiseMore opens a database whose metadata were written and whose columns were not.
func TestMetadataPromiseMore(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "db.sqlite")
	fill(t, path)
	meta := strings.Replace(contents(t, folder)["db-meta.json"], `"a":"float"`, `"a":"float","b":"float"`, 1)
	if err := os.WriteFile(filepath.Join(folder, "db-meta.json"), []byte(meta), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, options := range []sqlite.Options{{}, readOnly} {
		if _, err := sqlite.Open(context.Background(), path, graph.Schema{}, options); !errors.Is(err, graph.ErrSchema) || !strings.Contains(err.Error(), "no column b") {
			t.Errorf("%+v: %v", options, err)
		}
	}
	store := mustOpen(t, path, rag(t), create)
	holds(t, store)
	edges, err := graph.Collect(store.Edges(context.Background(), geometry.Roi{}, []string{"b"}))
	if err != nil || len(edges) != 1 || !graph.IsAbsent(edges[0].Values[0]) {
		t.Errorf("edges %v, error %v", edges, err)
	}
}

// TestReadingChangesNothing reads a closed database, one in WAL mode, and one that a killed process left.
func TestReadingChangesNothing(t *testing.T) {
	closed, wal, killed := t.TempDir(), t.TempDir(), t.TempDir()
	fill(t, filepath.Join(closed, "db.sqlite"))

	open := mustOpen(t, filepath.Join(t.TempDir(), "db.sqlite"), rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
	write(t, open)
	for name, data := range contents(t, filepath.Dir(open.Path())) { // as SIGKILL would leave it now
		if err := os.WriteFile(filepath.Join(killed, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range contents(t, closed) {
		if strings.HasSuffix(name, ".sqlite") {
			data = data[:18] + "\x02\x02" + data[20:] // what remains of WAL mode in a file that nobody has open
		}
		if err := os.WriteFile(filepath.Join(wal, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, folder := range map[string]string{"closed": closed, "wal": wal, "killed": killed} {
		t.Run(name, func(t *testing.T) {
			before := contents(t, folder)
			store := mustOpen(t, filepath.Join(folder, "db.sqlite"), rag(t), readOnly)
			holds(t, store)
			if _, err := store.Extent(context.Background()); err != nil {
				t.Error(err)
			}
			if err := store.SetGeneration(context.Background(), "t", "x"); !errors.Is(err, graph.ErrReadOnly) {
				t.Errorf("writing: %v", err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			after := contents(t, folder)
			delete(before, "db.sqlite-shm") // shared memory: an index of the -wal that readers make and share
			delete(after, "db.sqlite-shm")
			if !maps.Equal(before, after) {
				t.Errorf("files were %q, are %q, or differ in content", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
			}
		})
	}
}

func TestSecondOpener(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite")
	first := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
	second := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
	reader := mustOpen(t, path, rag(t), readOnly)
	write(t, first)
	holds(t, second)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, second)
	holds(t, reader)
	if err := errors.Join(reader.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	if files := contents(t, filepath.Dir(path)); len(files) != 2 {
		t.Errorf("files %q", slices.Sorted(maps.Keys(files)))
	}
}

func TestNoDatabase(t *testing.T) {
	for name, data := range map[string]string{
		"text":        "position_0,position_1\n1,2\n",
		"a few bytes": "SQL",
		"header only": "SQLite format 3\x00",
		"zeros":       string(make([]byte, 4096)),
	} {
		for _, options := range []sqlite.Options{create, {}, readOnly} {
			folder := t.TempDir()
			path := filepath.Join(folder, "db.sqlite")
			if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := sqlite.Open(context.Background(), path, rag(t), options)
			if !fault.IsPermanent(err) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, %+v: %v", name, options, err)
			}
			if files := contents(t, folder); len(files) != 1 || files["db.sqlite"] != data {
				t.Errorf("%s, %+v: left %q", name, options, slices.Sorted(maps.Keys(files)))
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "db.sqlite")
	fill(t, path)
	whole := contents(t, folder)["db.sqlite"]
	for name, data := range map[string]string{
		"truncated": whole[:len(whole)-5000],
		"garbage":   whole[:4096] + strings.Repeat("\xa5", len(whole)-4096),
	} {
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
		store, err := sqlite.Open(context.Background(), path, graph.Schema{}, readOnly)
		if err == nil {
			_, nodesErr := graph.Collect(store.Nodes(context.Background(), geometry.Roi{}, nil))
			_, edgesErr := graph.Collect(store.Edges(context.Background(), geometry.Roi{}, nil))
			err = errors.Join(nodesErr, edgesErr)
			store.Close()
		}
		if !fault.IsPermanent(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "db-meta.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(context.Background(), path, rag(t), create); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "db-meta.json") {
		t.Errorf("damaged metadata: %v", err)
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite")
	patience := sqlite.Options{Create: true, LockWait: 20 * time.Millisecond}
	store := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), patience)
	write(t, store)
	unlock := lock(t, path)
	err := store.SetGeneration(context.Background(), "t", "h")
	if !fault.IsEnvironment(err) || !strings.Contains(err.Error(), path) {
		t.Errorf("write to a locked database: %v", err)
	}
	if _, err := sqlite.Open(context.Background(), path, rag(t), patience); !fault.IsEnvironment(err) {
		t.Errorf("opening a locked database: %v", err)
	}
	holds(t, store)
	unlock()
	write(t, store)
}
