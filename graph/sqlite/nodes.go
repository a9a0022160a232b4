package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"slices"

	"volara/geometry"
	"volara/graph"
)

const sizeAttr = "size"

// WriteNodes implements graph.Store.
func (s *Store) WriteNodes(ctx context.Context, w graph.Writer, replace graph.IDRange, attrs []string, nodes []graph.Node) error {
	columns, err := s.nodeColumns(attrs)
	if err != nil {
		return err
	}
	if slices.Contains(attrs, sizeAttr) {
		return s.about(errors.New("the size is written with every node, not as one of the attributes"))
	}
	for i := range nodes {
		if err := s.checkNode(replace, columns, &nodes[i]); err != nil {
			return s.about(err)
		}
	}
	return s.write(ctx, len(nodes), func(c *conn) error {
		if err := s.checkWriter(c, w); err != nil {
			return err
		}
		if err := c.execute(s.tables.DeleteNodes(), values(replace.From, replace.To)); err != nil {
			return err
		}
		return s.insertNodes(c, columns, nodes)
	})
}

func (s *Store) checkNode(replace graph.IDRange, columns []graph.Attr, n *graph.Node) error {
	switch {
	case n.ID < replace.From || n.ID >= replace.To:
		return fmt.Errorf("node %d is not of the range %d to %d that its block may give", n.ID, replace.From, replace.To)
	case len(n.Position) != s.meta.Schema.Dims:
		return fmt.Errorf("node %d lies at %v, positions have %d dimensions", n.ID, n.Position, s.meta.Schema.Dims)
	case len(n.Values) != len(columns):
		return fmt.Errorf("node %d has %d values for %d columns", n.ID, len(n.Values), len(columns))
	}
	for i, column := range columns {
		if _, err := fromNode(column, n.Values[i]); err != nil {
			return fmt.Errorf("node %d: %w", n.ID, err)
		}
	}
	return nil
}

func (s *Store) insertNodes(c *conn, columns []graph.Attr, nodes []graph.Node) error {
	all := columns
	_, sized := s.meta.Schema.NodeAttr(sizeAttr)
	if sized {
		all = append([]graph.Attr{{Name: sizeAttr, Type: graph.Int}}, columns...)
	}
	width := 1 + s.meta.Schema.Dims + len(all)
	statement := func(rows int) string { return s.tables.InsertNodes(all, rows) }
	return insert(c, statement, width, len(nodes), func(i int, row []driver.NamedValue) {
		n := &nodes[i]
		row[0].Value = n.ID
		for d, p := range n.Position {
			row[1+d].Value = int64(p)
		}
		if sized {
			row[1+len(n.Position)].Value = n.Size
		}
		rest := row[width-len(columns):]
		for j, column := range columns {
			rest[j].Value, _ = fromNode(column, n.Values[j]) // checked before
		}
	})
}

// Nodes implements graph.Store.
func (s *Store) Nodes(ctx context.Context, roi geometry.Roi, attrs []string) iter.Seq2[graph.Node, error] {
	return func(yield func(graph.Node, error) bool) {
		columns, err := s.nodeColumns(attrs)
		if err == nil {
			err = s.checkRoi(roi)
		}
		if err != nil {
			yield(graph.Node{}, err)
			return
		}
		all := columns
		_, sized := s.meta.Schema.NodeAttr(sizeAttr)
		if sized {
			all = append([]graph.Attr{{Name: sizeAttr, Type: graph.Int}}, columns...)
		}
		stream(yield, func(visit func(graph.Node) error) error {
			return s.read(ctx, s.tables.SelectNodes(all, roi), nil, func(row []driver.Value) error {
				n, err := s.node(row, sized, columns)
				if err != nil {
					return err
				}
				return visit(n)
			})
		})
	}
}

func (s *Store) node(row []driver.Value, sized bool, columns []graph.Attr) (graph.Node, error) {
	id, ok := row[0].(int64)
	if !ok {
		return graph.Node{}, s.damaged(fmt.Sprintf("%v is no node id", row[0]))
	}
	n := graph.Node{ID: id, Position: make(geometry.Coordinate, s.meta.Schema.Dims)}
	for d := range n.Position {
		if n.Position[d], ok = floor(row[1+d]); !ok {
			return n, s.damaged(fmt.Sprintf("node %d has no position", id))
		}
	}
	if sized {
		size, _ := floor(row[1+len(n.Position)]) // NULL: 0
		n.Size = int64(size)
	}
	if len(columns) > 0 {
		n.Values = make([]any, len(columns))
		for i, v := range row[len(row)-len(columns):] {
			n.Values[i] = toNode(columns[i], v)
		}
	}
	return n, nil
}
