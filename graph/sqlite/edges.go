package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"slices"

	"volara/geometry"
	"volara/graph"
)

// WriteEdges implements graph.Store.
func (s *Store) WriteEdges(ctx context.Context, w graph.Writer, attrs []string, edges []graph.Edge) error {
	columns, err := s.edgeColumns(attrs)
	if err != nil {
		return err
	}
	if s.meta.Directed {
		return s.about(errors.New("the graph is directed, region adjacency is not"))
	}
	for i := range edges {
		if err := checkEdge(columns, &edges[i]); err != nil {
			return s.about(err)
		}
	}
	edges = inOrder(edges)
	return s.write(ctx, len(edges), func(c *conn) error {
		if err := s.checkWriter(c, w); err != nil {
			return err
		}
		return s.upsertEdges(c, columns, edges)
	})
}

func checkEdge(columns []graph.Attr, e *graph.Edge) error {
	switch {
	case e.U >= e.V:
		return fmt.Errorf("edge (%d, %d): the smaller id comes first", e.U, e.V)
	case len(e.Values) != len(columns):
		return fmt.Errorf("edge (%d, %d) has %d values for %d columns", e.U, e.V, len(e.Values), len(columns))
	}
	for i, column := range columns {
		if _, err := fromEdge(column, e.Values[i]); err != nil {
			return fmt.Errorf("edge (%d, %d): %w", e.U, e.V, err)
		}
	}
	return nil
}

// inOrder returns the edges in the order of their key, in which the index takes them fastest.
func inOrder(edges []graph.Edge) []graph.Edge {
	byKey := func(a, b graph.Edge) int { return cmp.Or(cmp.Compare(a.U, b.U), cmp.Compare(a.V, b.V)) }
	if !slices.IsSortedFunc(edges, byKey) {
		edges = slices.Clone(edges)
		slices.SortStableFunc(edges, byKey) // stable: of two values for one edge, the last counts
	}
	return edges
}

func (s *Store) upsertEdges(c *conn, columns []graph.Attr, edges []graph.Edge) error {
	statement := func(rows int) string { return s.tables.UpsertEdges(columns, rows) }
	return insert(c, statement, 2+len(columns), len(edges), func(i int, row []driver.NamedValue) {
		e := &edges[i]
		row[0].Value, row[1].Value = e.U, e.V
		for j, column := range columns {
			row[2+j].Value, _ = fromEdge(column, e.Values[j]) // checked before
		}
	})
}

// Edges implements graph.Store.
func (s *Store) Edges(ctx context.Context, roi geometry.Roi, attrs []string) iter.Seq2[graph.Edge, error] {
	return func(yield func(graph.Edge, error) bool) {
		columns, err := s.edgeColumns(attrs)
		if err == nil {
			err = s.checkRoi(roi)
		}
		most := false
		if err == nil && roi.Dims() > 0 {
			most, err = s.holdsMost(ctx, roi)
		}
		if err != nil {
			yield(graph.Edge{}, err)
			return
		}
		arena := &floats{}
		stream(yield, func(visit func(graph.Edge) error) error {
			return s.read(ctx, s.tables.SelectEdges(columns, roi, most), nil, func(row []driver.Value) error {
				e, err := s.edge(row, arena)
				if err != nil {
					return err
				}
				return visit(e)
			})
		})
	}
}

// holdsMost reports whether roi holds so many of the nodes that going through all edges is quicker than looking up those
// of each node.
func (s *Store) holdsMost(ctx context.Context, roi geometry.Roi) (bool, error) {
	count := func(roi geometry.Roi) (n int64, err error) {
		err = s.read(ctx, s.tables.CountNodes(roi), nil, func(row []driver.Value) error {
			n, _ = row[0].(int64)
			return nil
		})
		return n, err
	}
	inside, err := count(roi)
	if err != nil {
		return false, err
	}
	all, err := count(geometry.Roi{})
	return inside > all/8, err
}

func (s *Store) edge(row []driver.Value, arena *floats) (graph.Edge, error) {
	u, ok1 := row[0].(int64)
	v, ok2 := row[1].(int64)
	if !ok1 || !ok2 {
		return graph.Edge{}, s.damaged(fmt.Sprintf("edge (%v, %v) does not join two ids", row[0], row[1]))
	}
	e := graph.Edge{U: u, V: v, Values: arena.take(len(row) - 2)}
	for i := range e.Values {
		e.Values[i] = edgeValue(row[2+i])
	}
	return e, nil
}

// floats hands out pieces of larger allocations.
type floats struct{ free []float64 }

func (f *floats) take(n int) []float64 {
	if len(f.free) < n {
		f.free = make([]float64, 1024*n)
	}
	piece := f.free[:n:n]
	f.free = f.free[n:]
	return piece
}
