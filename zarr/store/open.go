package store

import (
	"context"
	"errors"
	"path/filepath"
)

// Open finds the node that a location names: a path, or a URL (see ParseLocation). Nothing need be there: reading from a
// directory that does not exist is ErrNotExist for every key; writing to it is an error unless LocalOptions.Create is set.
func Open(ctx context.Context, location string, o Options) (*Node, error) {
	at, err := ParseLocation(location)
	if err != nil {
		return nil, err
	}
	return openLocal(at.Path, o)
}

// openLocal opens a directory, also one that is not there.
func openLocal(dir string, o Options) (*Node, error) {
	l, err := OpenLocal(dir, o.LocalOptions)
	if errors.Is(err, ErrNotExist) && !o.Create {
		l, err = &Local{dir: dir}, nil
	}
	if err != nil {
		return nil, err
	}
	return &Node{Store: l}, nil
}

// parentDir returns the directory around one.
func parentDir(dir string) string { return filepath.Dir(dir) }
