package demo

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// Compare reports the first difference between the outputs of the undisturbed and of the interrupted run: chunks and
// tables byte by byte, the graph row by row. It returns what it compared.
func (s *Show) Compare(ctx context.Context) (chunks, rows int, err error) {
	a, b := In(s.Dir), In(filepath.Join(s.Dir, interrupted))
	for _, pair := range [][2]string{{a.Fragments, b.Fragments}, {a.Segments, b.Segments}} {
		n, err := SameChunks(pair[0], pair[1])
		if err != nil {
			return 0, 0, err
		}
		chunks += n
	}
	luts, err := filepath.Glob(filepath.Join(a.Container, "*.npz"))
	if err != nil {
		return 0, 0, err
	}
	for _, lut := range luts {
		if err := sameFile(lut, filepath.Join(b.Container, filepath.Base(lut))); err != nil {
			return 0, 0, err
		}
	}
	dbs, err := filepath.Glob(filepath.Join(a.Container, "*.sqlite"))
	if err != nil {
		return 0, 0, err
	}
	for _, db := range dbs {
		n, err := SameRows(ctx, db, filepath.Join(b.Container, filepath.Base(db)))
		if err != nil {
			return 0, 0, err
		}
		rows += n
	}
	return chunks, rows, nil
}

// SameChunks reports the first file that differs between two zarr arrays, or is in one only; metadata, which name the
// run that wrote them, and hidden files, which are no part of an array, are left out. It returns the number of files.
func SameChunks(a, b string) (int, error) {
	files, err := chunkFiles(a)
	if err != nil {
		return 0, err
	}
	others, err := chunkFiles(b)
	if err != nil {
		return 0, err
	}
	for name := range others {
		if !files[name] {
			return 0, fmt.Errorf("%s is not in %s", filepath.Join(b, name), a)
		}
	}
	for name := range files {
		if err := sameFile(filepath.Join(a, name), filepath.Join(b, name)); err != nil {
			return 0, err
		}
	}
	return len(files), nil
}

func chunkFiles(dir string) (map[string]bool, error) {
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "zarr.json" || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files[rel] = true
		return err
	})
	return files, err
}

func sameFile(a, b string) error {
	x, err := os.ReadFile(a)
	if err != nil {
		return err
	}
	y, err := os.ReadFile(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(x, y) {
		return fmt.Errorf("%s and %s differ", a, b)
	}
	return nil
}

// SameRows reports how two graph databases differ in their nodes and edges, and returns the number of rows.
func SameRows(ctx context.Context, a, b string) (int, error) {
	x, err := graphRows(ctx, a)
	if err != nil {
		return 0, err
	}
	y, err := graphRows(ctx, b)
	if err != nil {
		return 0, err
	}
	if len(x) != len(y) {
		return 0, fmt.Errorf("%s has %d nodes and edges, %s %d", a, len(x), b, len(y))
	}
	for key, row := range x {
		if other, ok := y[key]; !ok || row != other {
			return 0, fmt.Errorf("%s and %s differ in %v: %v and %v", a, b, key, row, other)
		}
	}
	return len(x), nil
}

// graphRows reads all nodes (keyed by id, 0) and edges (by u, v); absent values become strings, so that they compare equal.
func graphRows(ctx context.Context, path string) (map[[2]int64]string, error) {
	s, err := sqlite.Open(ctx, path, graph.Schema{}, sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	all := map[[2]int64]string{}
	for n, err := range s.Nodes(ctx, geometry.Roi{}, names(s.Schema().NodeAttrs)) {
		if err != nil {
			return nil, err
		}
		all[[2]int64{n.ID, 0}] = fmt.Sprint(n.Position, n.Size, n.Values)
	}
	for e, err := range s.Edges(ctx, geometry.Roi{}, names(s.Schema().EdgeAttrs)) {
		if err != nil {
			return nil, err
		}
		all[[2]int64{e.U, e.V}] = fmt.Sprint(e.Values)
	}
	return all, nil
}

func names(attrs []graph.Attr) []string {
	list := make([]string, len(attrs))
	for i, a := range attrs {
		list[i] = a.Name
	}
	return list
}
