package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"sync"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/graph/funlib"
)

var _ graph.Store = (*Store)(nil)

// A Store is a graph in an SQLite file. See graph.Store for its methods.
type Store struct {
	path    string
	file    os.FileInfo // of the database when it was opened for writing
	meta    funlib.Metadata
	tables  funlib.Tables
	readers *readers
	writer  *writer // nil when opened for reading

	closing  sync.Once
	closeErr error
}

// Path returns the file's path, as given to Open.
func (s *Store) Path() string { return s.path }

// Schema implements graph.Store.
func (s *Store) Schema() graph.Schema { return s.meta.Schema }

// Extent implements graph.Store.
func (s *Store) Extent(ctx context.Context) (geometry.Roi, error) {
	var extent geometry.Roi
	err := s.read(ctx, s.tables.Extent(), nil, func(row []driver.Value) error {
		if row[0] == nil {
			return nil
		}
		low, high := geometry.Fill(len(row)/2, 0), geometry.Fill(len(row)/2, 1)
		for i := range low {
			first, ok1 := floor(row[2*i])
			last, ok2 := floor(row[2*i+1])
			if !ok1 || !ok2 {
				return s.damaged("positions are no numbers")
			}
			low[i], high[i] = first, last+1
		}
		extent = geometry.FromCorners(low, high)
		return nil
	})
	return extent, err
}

// ClearNodes implements graph.Store.
func (s *Store) ClearNodes(ctx context.Context) error {
	return s.write(ctx, batchRows, func(c *conn) error { return c.exec(s.tables.ClearNodes()) })
}

// ClearEdgeAttrs implements graph.Store.
func (s *Store) ClearEdgeAttrs(ctx context.Context, attrs []string) error {
	columns, err := s.edgeColumns(attrs)
	if err != nil {
		return err
	}
	all, err := s.edgeColumns(names(s.meta.Schema.EdgeAttrs))
	if err != nil {
		return err
	}
	statements := s.tables.ClearEdges(columns, all)
	for _, attr := range attrs {
		statements = append(statements, s.tables.Partials(attr).Drop())
	}
	return s.write(ctx, batchRows, func(c *conn) error { return c.exec(statements...) })
}

// Close implements graph.Store.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	if s.writer != nil {
		s.writer.stop()
	}
	err := s.readers.close()
	if s.writer != nil {
		err = errors.Join(err, s.settle(s.writer.conn), s.writer.conn.close())
	}
	return err
}

// settle brings the database back into a single plain file. Where other processes have it open, that is left to the
// last of them. Where the file was removed or replaced, nothing may be done: the log beside it, which SQLite finds by its
// name, is that of another database.
func (s *Store) settle(c *conn) error {
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(s.file, now) {
		return nil
	}
	err := c.exec("PRAGMA busy_timeout = 0", "PRAGMA journal_mode = DELETE")
	if fault.IsEnvironment(err) {
		return nil
	}
	return err
}

func (s *Store) read(ctx context.Context, query string, args []driver.NamedValue, visit func(row []driver.Value) error) error {
	c, err := s.readers.take()
	if err != nil {
		return err
	}
	defer s.readers.give(c)
	return c.each(ctx, query, args, visit)
}

func (s *Store) write(ctx context.Context, rows int, apply func(*conn) error) error {
	if s.writer == nil {
		return s.about(graph.ErrReadOnly)
	}
	return s.writer.do(ctx, rows, apply)
}

func (s *Store) about(err error) error { return fmt.Errorf("graph database %s: %w", s.path, err) }

func (s *Store) damaged(what string) error { return corrupt(s.about(errors.New(what))) }

func (s *Store) nodeColumns(attrs []string) ([]graph.Attr, error) {
	columns, err := graph.SelectColumns(s.meta.Schema.NodeAttrs, attrs)
	if err != nil {
		return nil, s.about(err)
	}
	return columns, nil
}

func (s *Store) edgeColumns(attrs []string) ([]graph.Attr, error) {
	columns, err := graph.SelectColumns(s.meta.Schema.EdgeAttrs, attrs)
	if err != nil {
		return nil, s.about(err)
	}
	return columns, nil
}

func (s *Store) checkRoi(roi geometry.Roi) error {
	if n := roi.Dims(); n != 0 && n != s.meta.Schema.Dims {
		return s.about(fmt.Errorf("%v has %d dimensions, the graph %d", roi, n, s.meta.Schema.Dims))
	}
	return nil
}

func names(attrs []graph.Attr) []string {
	all := make([]string, len(attrs))
	for i, a := range attrs {
		all[i] = a.Name
	}
	return all
}
