package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"volara/fault"
)

// Local is a Store in a directory: each value a file.
//
// A value is written to a temporary file beside its final name and renamed; a crash leaves at most a file whose name
// ends in ".partial", which no key sees and Clean removes. Writing goes through the directory as it was opened: when
// the directory is renamed, later writes go with it and never into what takes its place. Reading goes by path.
type Local struct {
	dir       string
	root      *os.Root // nil: only for reading
	options   LocalOptions
	dirs      dirs
	locks     keyedMutex
	lockFiles lockFiles
}

// LocalOptions are the choices for a Local.
type LocalOptions struct {
	// Sync makes Put return only when the value would survive a loss of power.
	Sync bool
	// Create makes OpenLocal create the directory and its parents.
	Create bool
}

var (
	_ Store        = (*Local)(nil)
	_ BufferGetter = (*Local)(nil)
	_ Sizer        = (*Local)(nil)
	_ Namer        = (*Local)(nil)
)

// partialSuffix ends the names of temporary files, also zarr-python's.
const partialSuffix = ".partial"

// OpenLocal opens a directory. Where there is none, or something else, the error is ErrNotExist.
func OpenLocal(dir string, options LocalOptions) (*Local, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	if options.Create {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("creating %s: %w", dir, fault.FromOS(err))
		}
	}
	if info, err := os.Stat(dir); notDirectory(err) || err == nil && !info.IsDir() {
		return nil, fmt.Errorf("opening %s: not a directory: %w", dir, ErrNotExist)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	return &Local{dir: dir, root: root, options: options}, nil
}

// Close releases the directory. A Local that is not closed is released when it is collected.
func (l *Local) Close() error {
	if l.root == nil {
		return nil
	}
	return errors.Join(l.lockFiles.close(), l.dirs.close(), l.root.Close())
}

// writable returns an error when the directory was opened only for reading.
func (l *Local) writable() error {
	if l.root == nil {
		return fmt.Errorf("%s is open for reading only: it was not there, or was come upon from below", l.dir)
	}
	return nil
}

// String implements Store: the absolute path of the directory.
func (l *Local) String() string { return l.dir }

// Name implements Namer: the path of the file.
func (l *Local) Name(key string) string { return filepath.Join(l.dir, filepath.FromSlash(key)) }

// Get implements Store.
func (l *Local) Get(ctx context.Context, key string) ([]byte, error) {
	return l.GetBuffer(ctx, key, nil, math.MaxInt64)
}

// GetBuffer implements BufferGetter.
func (l *Local) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error) {
	v, err := l.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	if v.size > limit {
		return nil, fmt.Errorf("reading %s: %d bytes where at most %d are due: %w", v.name, v.size, limit, ErrRange)
	}
	if int64(cap(buf)) < v.size {
		buf = make([]byte, v.size)
	}
	buf = buf[:v.size]
	_, err = v.ReadAt(buf, 0)
	return buf, err
}

// GetRange implements Store.
func (l *Local) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	v, err := l.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	start, err := window(v.size, offset, length)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", v.name, err)
	}
	buf := make([]byte, length)
	_, err = v.ReadAt(buf, start)
	return buf, err
}

// Delete implements Store.
func (l *Local) Delete(ctx context.Context, key string) error {
	if err := mayWrite(ctx); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if err := l.writable(); err != nil {
		return err
	}
	err := l.root.Remove(key)
	if err == nil || errors.Is(err, fs.ErrNotExist) || notDirectory(err) {
		return nil
	}
	return fmt.Errorf("deleting %s: %w", l.Name(key), fault.FromOS(err))
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

// notDirectory reports whether a path leads through a file.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
