package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"volara/fault"
)

// A Sizer is a Store that knows how long a value is without reading it.
type Sizer interface {
	// Size returns the bytes of the value. A missing key is ErrNotExist.
	Size(ctx context.Context, key string) (int64, error)
}

var (
	_ Sizer = (*Local)(nil)
	_ Sizer = (*Memory)(nil)
)

// Size returns the bytes of the value of a key and whether there is one. Of a store that does not tell, every value is
// said to be there, of 0 bytes.
func Size(ctx context.Context, s Store, key string) (size int64, there bool, err error) {
	sizer, ok := s.(Sizer)
	if !ok {
		return 0, true, nil
	}
	size, err = sizer.Size(ctx, key)
	if errors.Is(err, ErrNotExist) {
		return 0, false, nil
	}
	return size, err == nil, err
}

// Size implements Sizer. It looks into the directory as it was opened, as writing does.
func (l *Local) Size(ctx context.Context, key string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := checkKey(key); err != nil {
		return 0, err
	}
	info, err := l.lstat(key)
	switch {
	case notDirectory(err), err == nil && info.IsDir():
		return 0, &fs.PathError{Op: "stat", Path: l.Name(key), Err: ErrNotExist}
	case err != nil:
		return 0, fmt.Errorf("looking at %s: %w", l.Name(key), fault.FromOS(err))
	}
	return info.Size(), nil
}

func (l *Local) lstat(key string) (os.FileInfo, error) {
	if l.root == nil {
		return os.Lstat(l.Name(key))
	}
	return l.root.Lstat(key)
}

// Size implements Sizer.
func (m *Memory) Size(ctx context.Context, key string) (int64, error) {
	value, err := m.Get(ctx, key)
	return int64(len(value)), err
}
