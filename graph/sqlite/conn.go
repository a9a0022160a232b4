package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// A conn is one connection. It uses the driver without database/sql, whose conversions halve the speed of reading. It is
// not safe for concurrent use.
type conn struct {
	raw      *sqlite3.SQLiteConn
	path     string
	prepared map[string]*sqlite3.SQLiteStmt
	brief    bool // must not outlive a query
}

// connect opens a connection that waits so long for a lock, with further parameters of SQLite's URIs.
func connect(path, parameters string, wait time.Duration) (*conn, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	uri.RawQuery = fmt.Sprintf("%s&_busy_timeout=%d", parameters, wait.Milliseconds())
	raw, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, explain(path, err)
	}
	return &conn{raw: raw.(*sqlite3.SQLiteConn), path: path, prepared: map[string]*sqlite3.SQLiteStmt{}}, nil
}

// connectToRead opens a connection that leaves no trace. A database in WAL mode that nobody has open would get its
// -wal and -shm files from a mere reader, and they would stay; such a one is read as if it could not change, for
// as long as a query takes.
func connectToRead(path string, wait time.Duration) (*conn, error) {
	if !restsInWAL(path) {
		return connect(path, "mode=ro", wait)
	}
	c, err := connect(path, "mode=ro&immutable=1", wait)
	if err == nil {
		c.brief = true
	}
	return c, err
}

// restsInWAL reports whether the header says WAL (file format 2, section 1.3 of SQLite's format description) and there
// is no -wal file, which every process that has the database open would keep.
func restsInWAL(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 20)
	if _, err := io.ReadFull(f, head); err != nil || head[18] != 2 {
		return false
	}
	_, err = os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist)
}

// exec runs statements that take no parameters.
func (c *conn) exec(statements ...string) error {
	for _, s := range statements {
		if _, err := c.raw.ExecContext(context.Background(), s, nil); err != nil {
			return explain(c.path, err)
		}
	}
	return nil
}

// execute runs a statement, prepared once a connection, with positional parameters.
func (c *conn) execute(statement string, args []driver.NamedValue) error {
	_, err := c.change(statement, args)
	return err
}

// change is execute, and returns how many rows were changed.
func (c *conn) change(statement string, args []driver.NamedValue) (rows int64, err error) {
	s, err := c.prepare(statement)
	if err != nil {
		return 0, err
	}
	// A cancellable context would cost a goroutine a call.
	result, err := s.ExecContext(context.Background(), args)
	if err != nil {
		return 0, explain(c.path, err)
	}
	return result.RowsAffected()
}

// each calls visit with every row of a query. The row is overwritten by the next one.
func (c *conn) each(ctx context.Context, query string, args []driver.NamedValue, visit func(row []driver.Value) error) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args)
	if err != nil {
		return explain(c.path, err)
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch err := rows.Next(row); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return explain(c.path, err)
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}

func (c *conn) prepare(statement string) (*sqlite3.SQLiteStmt, error) {
	if s, ok := c.prepared[statement]; ok {
		return s, nil
	}
	s, err := c.raw.Prepare(statement)
	if err != nil {
		return nil, explain(c.path, err)
	}
	const keep = 64 // statements differ by roi; a reader of many blocks must not gather one for each
	if len(c.prepared) >= keep {
		c.forget()
	}
	c.prepared[statement] = s.(*sqlite3.SQLiteStmt)
	return c.prepared[statement], nil
}

func (c *conn) forget() {
	for _, s := range c.prepared {
		s.Close()
	}
	clear(c.prepared)
}

func (c *conn) close() error {
	c.forget()
	return explain(c.path, c.raw.Close())
}

// values makes positional parameters.
func values(vs ...driver.Value) []driver.NamedValue {
	args := make([]driver.NamedValue, len(vs))
	for i, v := range vs {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}
