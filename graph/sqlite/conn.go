package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// A conn is one connection. It uses the driver without database/sql, whose conversions would cost more than SQLite
// itself. It is not safe for concurrent use.
type conn struct {
	raw      *sqlite3.SQLiteConn
	path     string
	prepared map[string]*sqlite3.SQLiteStmt
}

// connect opens a connection, in SQLite's mode ro, rw or rwc.
func connect(path, mode string, wait time.Duration) (*conn, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	uri.RawQuery = fmt.Sprintf("mode=%s&_busy_timeout=%d", mode, wait.Milliseconds())
	raw, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, explain(path, err)
	}
	return &conn{raw: raw.(*sqlite3.SQLiteConn), path: path, prepared: map[string]*sqlite3.SQLiteStmt{}}, nil
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
	s, err := c.prepare(statement)
	if err != nil {
		return err
	}
	// A cancellable context would cost a goroutine a call.
	if _, err := s.ExecContext(context.Background(), args); err != nil {
		return explain(c.path, err)
	}
	return nil
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
