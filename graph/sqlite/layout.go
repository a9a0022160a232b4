package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/fault"
	"volara/graph"
	"volara/graph/funlib"
)

// found is what lies at a database's path, complete or not.
type found struct {
	tables    bool // there are tables; else what the metadata say is of no account
	described bool // there is a metadata file
	meta      funlib.Metadata
	nodes     []string // columns, lower case
	edges     []string
}

// metadataPath returns <stem>-meta.json beside the database, the stem being what Python's pathlib takes for it.
func metadataPath(path string) string {
	dir, base := filepath.Split(path)
	if i := strings.LastIndexByte(base, '.'); i > 0 && i < len(base)-1 {
		base = base[:i]
	}
	return filepath.Join(dir, base+"-meta.json")
}

// inspect reads metadata and columns. Where the metadata are missing, the database is taken to hold those of the
// wanted attributes that it has columns for.
func inspect(ctx context.Context, c *conn, metaPath string, wanted graph.Schema) (f found, err error) {
	data, err := os.ReadFile(metaPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.meta = funlib.NewMetadata(wanted)
	case err != nil:
		return f, fmt.Errorf("graph metadata: %w", err)
	default:
		f.described = true
		if err := json.Unmarshal(data, &f.meta); err != nil {
			return f, fault.Permanent(fmt.Errorf("%s: %w (restore the file, or remove it to have it made anew)", metaPath, err))
		}
	}
	if f.nodes, err = columnsOf(ctx, c, f.meta.Nodes); err != nil {
		return f, err
	}
	if f.edges, err = columnsOf(ctx, c, f.meta.Edges); err != nil {
		return f, err
	}
	f.tables = len(f.nodes) > 0 && len(f.edges) > 0
	if f.tables && !f.described {
		err = f.infer(c.path, metaPath)
	}
	return f, err
}

// infer keeps those attributes of the metadata that have their columns.
func (f *found) infer(path, metaPath string) error {
	if f.meta.Schema.Dims == 0 {
		return fmt.Errorf("graph database %s: its metadata file %s is missing", path, metaPath)
	}
	if missing := f.missing(f.nodes, f.meta.Position); len(missing) > 0 {
		return fmt.Errorf("graph database %s: %w: the table of nodes has no column %s", path, graph.ErrSchema, missing[0])
	}
	schema := &f.meta.Schema
	if extra := fmt.Sprintf("%s_%d", f.meta.Position.Name, schema.Dims); schema.Dims > 1 && slices.Contains(f.nodes, extra) {
		return fmt.Errorf("graph database %s: %w: positions have more than %d dimensions", path, graph.ErrSchema, schema.Dims)
	}
	schema.NodeAttrs = slices.DeleteFunc(slices.Clone(schema.NodeAttrs), func(a graph.Attr) bool { return len(f.missing(f.nodes, a)) > 0 })
	schema.EdgeAttrs = slices.DeleteFunc(slices.Clone(schema.EdgeAttrs), func(a graph.Attr) bool { return len(f.missing(f.edges, a)) > 0 })
	return nil
}

func (f *found) missing(columns []string, a graph.Attr) []string {
	return slices.DeleteFunc(a.Columns(), func(c string) bool { return slices.Contains(columns, strings.ToLower(c)) })
}

// merge returns the metadata of the database once it holds what is wanted.
func (f *found) merge(wanted graph.Schema, create bool) (funlib.Metadata, error) {
	if !f.tables {
		return funlib.NewMetadata(wanted), nil
	}
	if !create {
		if err := f.complete(); err != nil {
			return f.meta, err
		}
	}
	meta := f.meta
	schema, err := f.meta.Schema.Merge(wanted, create)
	meta.Schema = schema
	return meta, err
}

// complete reports the first column that the metadata promise and the tables lack.
func (f *found) complete() error {
	for _, table := range []struct {
		name    string
		columns []string
		attrs   []graph.Attr
	}{
		{f.meta.Nodes, f.nodes, append([]graph.Attr{f.meta.Position}, f.meta.Schema.NodeAttrs...)},
		{f.meta.Edges, f.edges, f.meta.Schema.EdgeAttrs},
	} {
		for _, a := range table.attrs {
			if missing := f.missing(table.columns, a); len(missing) > 0 {
				return fmt.Errorf("%w: table %s has no column %s, which its metadata promise (opening it to create adds it)",
					graph.ErrSchema, table.name, missing[0])
			}
		}
	}
	return nil
}
