package sqlite

import (
	"errors"
	"io/fs"
	"os"
)

// Remove deletes the database at path with its metadata and what SQLite keeps beside it. No process may have it open.
// What is missing is no error.
func Remove(path string) error {
	for _, file := range []string{metadataPath(path), path + "-wal", path + "-shm", path} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
