package sqlite

import (
	"database/sql/driver"
	"errors"
)

const (
	rowsAtOnce    = 64     // 50 to 256 were equally fast, 1 half as fast
	maxParameters = 32_766 // of an SQLite statement
)

// insert runs statement(rows) over n rows of width parameters, many rows at a time. fill sets the parameters of row i.
func insert(c *conn, statement func(rows int) string, width, n int, fill func(i int, row []driver.NamedValue)) error {
	step := max(1, min(rowsAtOnce, maxParameters/width))
	args := values(make([]driver.Value, step*width)...)
	many, one := statement(step), statement(1)
	for i := 0; i < n; {
		rows, text := step, many
		if n-i < step {
			rows, text = 1, one
		}
		for r := range rows {
			fill(i+r, args[r*width:(r+1)*width])
		}
		if err := c.execute(text, args[:rows*width]); err != nil {
			return err
		}
		i += rows
	}
	return nil
}

var errStopped = errors.New("the loop over the rows ended")

// stream makes the body of an iterator of a function that visits rows.
func stream[T any](yield func(T, error) bool, visitAll func(visit func(T) error) error) {
	err := visitAll(func(row T) error {
		if !yield(row, nil) {
			return errStopped
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStopped) {
		var none T
		yield(none, err)
	}
}
