package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"volara/graph"
	"volara/graph/funlib"
)

// build makes tables, columns and the index that are missing, as funlib makes them: columns have no types.
func (f *found) build(c *conn, meta funlib.Metadata) error {
	t := funlib.NewTables(meta)
	nodeAttrs := append([]graph.Attr{meta.Position}, meta.Schema.NodeAttrs...)
	statements := f.table(t.Nodes, f.nodes, []string{"id INTEGER not null PRIMARY KEY"}, nodeAttrs, "")
	statements = append(statements,
		fmt.Sprintf("CREATE INDEX IF NOT EXISTS pos_index ON %s(%s)", t.Nodes, strings.Join(t.Position, ", ")))
	ends := []string{t.U + " INTEGER not null", t.V + " INTEGER not null"}
	key := fmt.Sprintf(", PRIMARY KEY (%s, %s)", t.U, t.V)
	statements = append(statements, f.table(t.Edges, f.edges, ends, meta.Schema.EdgeAttrs, key)...)
	return c.exec(append(statements, funlib.CreateGenerations)...)
}

// table returns the statement that creates a table, or those that add to it the columns it lacks.
func (f *found) table(name string, have, fixed []string, attrs []graph.Attr, constraint string) []string {
	var lacking []string
	for _, a := range attrs {
		for _, column := range f.missing(have, a) {
			lacking = append(lacking, funlib.Quote(column))
		}
	}
	if len(have) == 0 {
		return []string{fmt.Sprintf("CREATE TABLE %s(%s%s)", name, strings.Join(append(fixed, lacking...), ", "), constraint)}
	}
	statements := make([]string, len(lacking))
	for i, column := range lacking {
		statements[i] = fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", name, column)
	}
	return statements
}

// describe writes the metadata file where it is missing or says something else.
func (f *found) describe(path string, meta funlib.Metadata) error {
	data, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("graph metadata: %w", err)
	}
	if f.described {
		if old, err := json.Marshal(f.meta); err == nil && string(old) == string(data) {
			return nil
		}
	}
	return graph.WriteFile(path, func(w *os.File) error {
		_, err := w.Write(data)
		return err
	})
}

// columnsOf returns the names of a table's columns in lower case; none where there is no such table.
func columnsOf(ctx context.Context, c *conn, table string) (columns []string, err error) {
	err = c.each(ctx, "SELECT lower(name) FROM pragma_table_info(?)", values(table), func(row []driver.Value) error {
		name, _ := row[0].(string)
		columns = append(columns, name)
		return nil
	})
	return columns, err
}

func hasTable(ctx context.Context, c *conn, table string) (exists bool, err error) {
	columns, err := columnsOf(ctx, c, table)
	return len(columns) > 0, err
}
