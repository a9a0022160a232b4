package funlib

import (
	"fmt"
	"slices"
	"strings"

	"volara/geometry"
	"volara/graph"
)

// Generations is the table, unknown to funlib, of the generation in which each task may write.
const Generations = "volara_generations"

// Tables spells a graph's tables and columns for one database. All names are quoted already.
type Tables struct {
	Nodes, Edges string
	U, V         string
	Position     []string // one expression a component
}

// NewTables spells the tables of a graph whose vectors are spread over columns name_0, name_1, …
func NewTables(m Metadata) Tables {
	t := Tables{Nodes: Quote(m.Nodes), Edges: Quote(m.Edges), U: Quote(m.U), V: Quote(m.V)}
	for _, column := range m.Position.Columns() {
		t.Position = append(t.Position, Quote(column))
	}
	return t
}

// Quote makes an SQL identifier of a name.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteAll(columns []graph.Attr) []string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = Quote(c.Name)
	}
	return quoted
}

// InsertNodes inserts rows nodes at once: id, position, then the given columns of each.
func (t Tables) InsertNodes(columns []graph.Attr, rows int) string {
	names := append(append([]string{"id"}, t.Position...), quoteAll(columns)...)
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.Nodes, strings.Join(names, ", "), placeholders(len(names), rows))
}

// UpsertEdges inserts rows edges at once, u, v, then the given columns of each; of an edge that is there, it sets these
// columns alone.
func (t Tables) UpsertEdges(columns []graph.Attr, rows int) string {
	names := quoteAll(columns)
	update := "NOTHING"
	if len(names) > 0 {
		set := make([]string, len(names))
		for i, name := range names {
			set[i] = name + " = excluded." + name
		}
		update = "UPDATE SET " + strings.Join(set, ", ")
	}
	all := append([]string{t.U, t.V}, names...)
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s ON CONFLICT (%s, %s) DO %s",
		t.Edges, strings.Join(all, ", "), placeholders(len(all), rows), t.U, t.V, update)
}

func placeholders(columns, rows int) string {
	row := "(" + strings.Repeat("?, ", columns-1) + "?)"
	return strings.Repeat(row+", ", rows-1) + row
}

// DeleteNodes deletes the nodes of an id range, its bounds being the parameters.
func (t Tables) DeleteNodes() string {
	return fmt.Sprintf("DELETE FROM %s WHERE id >= ? AND id < ?", t.Nodes)
}

// SelectNodes selects id, position and the given columns of the nodes in roi, in the order of their ids.
func (t Tables) SelectNodes(columns []graph.Attr, roi geometry.Roi) string {
	names := append(append([]string{"id"}, t.Position...), quoteAll(columns)...)
	return fmt.Sprintf("SELECT %s FROM %s%s ORDER BY id", strings.Join(names, ", "), t.Nodes, where(t.inside("", roi)))
}

// CountNodes counts the nodes in roi.
func (t Tables) CountNodes(roi geometry.Roi) string {
	return fmt.Sprintf("SELECT count(*) FROM %s%s", t.Nodes, where(t.inside("", roi)))
}

// SelectEdges selects u, v and the given columns of the edges whose u lies in roi. The tables are joined in the order
// that suits the roi: edges first where it holds a good part of the nodes (most).
func (t Tables) SelectEdges(columns []graph.Attr, roi geometry.Roi, most bool) string {
	names := []string{"e." + t.U, "e." + t.V}
	for _, name := range quoteAll(columns) {
		names = append(names, "e."+name)
	}
	from := t.Edges + " AS e"
	var conditions []string
	if roi.Dims() > 0 {
		from = t.Nodes + " AS n CROSS JOIN " + from
		if most {
			from = t.Edges + " AS e CROSS JOIN " + t.Nodes + " AS n"
		}
		conditions = append([]string{"n.id = e." + t.U}, t.inside("n.", roi)...)
	}
	return fmt.Sprintf("SELECT %s FROM %s%s", strings.Join(names, ", "), from, where(conditions))
}

func (t Tables) inside(table string, roi geometry.Roi) []string {
	var conditions []string
	for i := range roi.Offset {
		column := table + t.Position[i]
		conditions = append(conditions, fmt.Sprintf("%s >= %d AND %s < %d", column, roi.Offset[i], column, roi.Offset[i]+roi.Shape[i]))
	}
	return conditions
}

func where(conditions []string) string {
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

// Extent selects the smallest and the largest position, component by component: min, max, min, max, …
func (t Tables) Extent() string {
	var bounds []string
	for _, p := range t.Position {
		bounds = append(bounds, fmt.Sprintf("min(%s), max(%s)", p, p))
	}
	return fmt.Sprintf("SELECT %s FROM %s", strings.Join(bounds, ", "), t.Nodes)
}

// ClearNodes deletes all nodes.
func (t Tables) ClearNodes() string { return "DELETE FROM " + t.Nodes }

// ClearEdges returns the statements that make the given columns absent in every edge and delete the edges that have
// none of all left.
func (t Tables) ClearEdges(columns, all []graph.Attr) []string {
	if len(columns) == 0 {
		return nil
	}
	var set, bare []string
	for _, name := range quoteAll(columns) {
		set = append(set, name+" = NULL")
	}
	left := slices.DeleteFunc(slices.Clone(all), func(a graph.Attr) bool { return slices.Contains(columns, a) })
	for _, name := range quoteAll(left) {
		bare = append(bare, name+" IS NULL")
	}
	remove := "DELETE FROM " + t.Edges + where(bare)
	if len(left) == 0 {
		return []string{remove}
	}
	return []string{remove, fmt.Sprintf("UPDATE %s SET %s", t.Edges, strings.Join(set, ", "))}
}

// The statements on Generations. Task, and generation where there is one, are the parameters.
const (
	CreateGenerations = "CREATE TABLE IF NOT EXISTS " + Generations + "(task TEXT PRIMARY KEY, generation TEXT NOT NULL)"
	SelectGeneration  = "SELECT generation FROM " + Generations + " WHERE task = ?"
	SetGeneration     = "INSERT INTO " + Generations + "(task, generation) VALUES (?, ?) " +
		"ON CONFLICT (task) DO UPDATE SET generation = excluded.generation"
)
