package sqlite

import (
	"errors"
	"fmt"

	sqlite3 "github.com/mattn/go-sqlite3"

	"volara/fault"
)

// explain says which database an error of SQLite is about and what can be done, and marks what kind of fault it is.
// Other errors pass as they are.
func explain(path string, err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	err = fmt.Errorf("graph database %s: %w", path, err)
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return fault.Environment(fmt.Errorf("%w (another process holds it: end that process or wait for it)", err))
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrNomem:
		return fault.Environment(err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return corrupt(err)
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return fmt.Errorf("%w (check the permissions of the file and its folder)", err)
	}
	return err
}

func corrupt(err error) error {
	return fault.Permanent(fmt.Errorf("%w (the file is damaged or of another kind: restore it, or move it away with "+
		"its -wal, -shm and -meta.json, and drop the tasks that wrote it)", err))
}
