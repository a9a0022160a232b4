package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"volara/graph"
	"volara/graph/funlib"
)

// Options say how Open opens a database.
type Options struct {
	ReadOnly bool          // never changes the database; nothing is made of a missing one
	Create   bool          // makes what is missing: folder, file, tables, columns, metadata
	Durable  bool          // commits survive a crash of the machine, not only of the process
	LockWait time.Duration // how long a write waits for another process's; 0: 5 s
}

// Open opens the graph database at path, whose metadata lie beside it in <stem>-meta.json.
//
// With Create, what is missing is made: also what a process killed while creating left undone, and attributes of the
// schema that an existing database does not have yet. Else a missing database is an fs.ErrNotExist, and one that
// lacks an attribute of the schema a graph.ErrSchema, as is, always, one with other dimensions or types. With the zero
// Schema, the database is opened as it is.
//
// A file that is no SQLite database, or a damaged one, is a permanent error; a locked one is the environment's.
func Open(ctx context.Context, path string, schema graph.Schema, options Options) (*Store, error) {
	if options.ReadOnly && options.Create {
		return nil, errors.New("a graph database is opened either for reading or for creating it")
	}
	if options.Create || schema.Dims != 0 {
		if err := schema.Validate(); err != nil {
			return nil, fmt.Errorf("graph database %s: %w", path, err)
		}
	}
	if options.LockWait == 0 {
		options.LockWait = 5 * time.Second
	}
	if err := checkFile(path, options.Create); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	s.readers = &readers{open: func() (*conn, error) { return connectToRead(path, options.LockWait) }}
	open := s.openForWriting
	if options.ReadOnly {
		open = s.openForReading
	}
	if err := open(ctx, schema, options); err != nil {
		return nil, err
	}
	return s, nil
}

// checkFile tells early, and without touching it, what is no SQLite database. An empty file is one being created.
func checkFile(path string, create bool) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("folder of graph database: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("graph database: %w", err)
	}
	defer f.Close()
	magic := []byte("SQLite format 3\x00")
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("graph database: %w", err)
	}
	if n > 0 && !bytes.Equal(head, magic) {
		return corrupt(fmt.Errorf("graph database %s is no SQLite file", path))
	}
	return nil
}

func (s *Store) openForReading(ctx context.Context, wanted graph.Schema, _ Options) error {
	err := func() error {
		c, err := s.readers.take()
		if err != nil {
			return err
		}
		defer s.readers.give(c)
		return s.adopt(ctx, c, wanted, false)
	}()
	if err != nil {
		err = errors.Join(err, s.readers.close())
	}
	return err
}

func (s *Store) openForWriting(ctx context.Context, wanted graph.Schema, options Options) error {
	mode, sync := "mode=rw", "NORMAL"
	if options.Create {
		mode = "mode=rwc"
	}
	if options.Durable {
		sync = "FULL"
	}
	c, err := connect(s.path, mode, options.LockWait)
	if err != nil {
		return err
	}
	err = c.exec("PRAGMA journal_mode = WAL", "PRAGMA synchronous = "+sync,
		"PRAGMA cache_size = -32768", "PRAGMA wal_autocheckpoint = 4000", "BEGIN IMMEDIATE")
	if err == nil {
		err = s.adopt(ctx, c, wanted, options.Create)
	}
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err == nil {
		s.file, err = os.Stat(s.path)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	s.writer = startWriter(c)
	return nil
}

// adopt finds out what the database holds and, where it may, makes it hold what is wanted.
func (s *Store) adopt(ctx context.Context, c *conn, wanted graph.Schema, create bool) error {
	found, err := inspect(ctx, c, metadataPath(s.path), wanted)
	if err != nil {
		return err
	}
	if !found.tables && !create {
		return s.about(fmt.Errorf("no graph in it yet: %w", fs.ErrNotExist))
	}
	if s.meta, err = found.merge(wanted, create); err != nil {
		return s.about(err)
	}
	s.tables = funlib.NewTables(s.meta)
	if !create {
		return nil
	}
	if err := found.build(c, s.meta); err != nil {
		return err
	}
	return found.describe(metadataPath(s.path), s.meta)
}
