package funlib

import (
	"fmt"
	"strings"

	"volara/geometry"
	"volara/graph"
)

// Partials spells the table, unknown to funlib, of the blocks' contributions to one edge attribute: u, v, block, sum and
// count. It is there as long as the attribute may be contributed to. The name is quoted already.
type Partials struct {
	graph Tables
	Table string
	index string
}

// Partials spells the table of the contributions to an edge attribute.
func (t Tables) Partials(attr string) Partials {
	return Partials{graph: t, Table: Quote("volara_partial_" + attr), index: Quote("volara_partials_by_block_" + attr)}
}

// Create returns the statements that make the table and its index where they are missing.
func (p Partials) Create() []string {
	return []string{
		"CREATE TABLE IF NOT EXISTS " + p.Table + "(u INTEGER NOT NULL, v INTEGER NOT NULL, block INTEGER NOT NULL, " +
			"sum REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (u, v, block)) WITHOUT ROWID",
		"CREATE INDEX IF NOT EXISTS " + p.index + " ON " + p.Table + "(block)",
	}
}

// Drop removes the table, where it is there.
func (p Partials) Drop() string { return "DROP TABLE IF EXISTS " + p.Table }

// Void makes a block's contributions, the parameter, empty: those that stay so are removed by Purge.
func (p Partials) Void() string {
	return "UPDATE " + p.Table + " SET sum = 0, count = 0 WHERE block = ?"
}

// Purge removes a block's empty contributions; the block is the parameter.
func (p Partials) Purge() string {
	return "DELETE FROM " + p.Table + " WHERE block = ? AND count = 0"
}

// Upsert sets rows contributions at once: u, v, block, sum, count of each.
func (p Partials) Upsert(rows int) string {
	return "INSERT INTO " + p.Table + " (u, v, block, sum, count) VALUES " + placeholders(5, rows) +
		" ON CONFLICT (u, v, block) DO UPDATE SET sum = excluded.sum, count = excluded.count"
}

// Select selects u, v, whether node u lies in roi, sum and count of all contributions, also the empty ones, to the pairs
// that the block, the parameter, contributes to: pair by pair, in the order of blocks.
func (p Partials) Select(roi geometry.Roi) string {
	inside, join := "1", ""
	if roi.Dims() > 0 {
		inside = "n.id IS NOT NULL"
		conditions := append([]string{"n.id = q.u"}, p.graph.inside("n.", roi)...)
		join = " LEFT JOIN " + p.graph.Nodes + " AS n ON " + strings.Join(conditions, " AND ")
	}
	return fmt.Sprintf("SELECT q.u, q.v, %s, q.sum, q.count FROM %s AS b CROSS JOIN %s AS q ON q.u = b.u AND q.v = b.v%s "+
		"WHERE b.block = ? ORDER BY b.u, b.v, q.block", inside, p.Table, p.Table, join)
}

// RemoveEdge returns the statements that make columns of an edge, whose ends are their parameters, absent, and that
// remove it where it has none of all columns left.
func (t Tables) RemoveEdge(columns, all []graph.Attr) (clear, remove string) {
	var set, bare []string
	for _, name := range quoteAll(columns) {
		set = append(set, name+" = NULL")
	}
	for _, name := range quoteAll(all) {
		bare = append(bare, name+" IS NULL")
	}
	key := fmt.Sprintf("%s = ? AND %s = ?", t.U, t.V)
	return fmt.Sprintf("UPDATE %s SET %s WHERE %s", t.Edges, strings.Join(set, ", "), key),
		fmt.Sprintf("DELETE FROM %s%s", t.Edges, where(append([]string{key}, bare...)))
}
