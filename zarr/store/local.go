package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"

	"volara/fault"
)

// Local is a Store in a directory: each value a file.
//
// A value is written to a temporary file beside its final name and renamed; a crash leaves at most a file whose name
// ends in ".partial", which no key sees and Clean removes. Writing goes through the directory as it was opened: when
// the directory is renamed, later writes go with it and never into what takes its place. Reading goes by path.
type Local struct {
	dir     string
	root    *os.Root // nil: only for reading
	options LocalOptions
	locks   keyedMutex
	file    lockFile
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
	_ Locker       = (*Local)(nil)
	_ BufferGetter = (*Local)(nil)
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
	return errors.Join(l.file.close(), l.root.Close())
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
	f, size, err := l.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("reading %s: %d bytes where at most %d are due: %w", f.Name(), size, limit, ErrRange)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(f, buf); err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), fault.FromOS(err))
	}
	return buf, nil
}

// GetRange implements Store.
func (l *Local) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	f, size, err := l.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start, err := window(size, offset, length)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	buf := make([]byte, length)
	if _, err := f.ReadAt(buf, start); err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), fault.FromOS(err))
	}
	return buf, nil
}

// open opens the file of a key. A directory of that name is no value, and neither is a file where the key needs a
// directory.
func (l *Local) open(ctx context.Context, key string) (*os.File, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if err := checkKey(key); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(l.Name(key))
	if err != nil {
		if notDirectory(err) {
			err = fmt.Errorf("%w: %w", ErrNotExist, err)
		}
		if link, linkErr := os.Readlink(l.Name(key)); linkErr == nil && errors.Is(err, fs.ErrNotExist) {
			return nil, 0, fault.Permanent(fmt.Errorf("%s is a link to %s, which is not there", l.Name(key), link))
		}
		return nil, 0, fault.FromOS(err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "open", Path: f.Name(), Err: ErrNotExist}
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Put implements Store.
func (l *Local) Put(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if err := l.writable(); err != nil {
		return err
	}
	if err := l.put(ctx, key, value); err != nil {
		return fmt.Errorf("writing %s: %w", l.Name(key), fault.FromOS(err))
	}
	return nil
}

// put writes a temporary file in the value's directory and renames it, through that directory. When Clean has taken the
// file for one that was left behind, it is written again.
func (l *Local) put(ctx context.Context, key string, value []byte) error {
	parent, name := path.Dir(key), path.Base(key)
	dir, err := l.root.OpenRoot(parent)
	if errors.Is(err, fs.ErrNotExist) && parent != "." {
		if err = l.root.MkdirAll(parent, 0o777); err == nil {
			dir, err = l.root.OpenRoot(parent)
		}
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	for try := 1; ; try++ {
		cleaned, err := l.replace(ctx, dir, name, value)
		if err == nil && l.options.Sync {
			err = syncDir(dir)
		}
		if !cleaned || try == putTries {
			return err
		}
	}
}

// putTries bounds how often a value is written again because its temporary file was gone.
const putTries = 3

// replace writes a temporary file and gives it its name; cleaned says that it was gone by then. ctx is asked right before:
// a writer that loses its right after that finds its file gone.
func (l *Local) replace(ctx context.Context, dir *os.Root, name string, value []byte) (cleaned bool, err error) {
	tmp := "." + name + "." + randomName() + partialSuffix
	if err = l.write(dir, tmp, value); err == nil {
		err = ctx.Err()
	}
	if err == nil {
		fault.Point("array.written")
		err = dir.Rename(tmp, name)
		cleaned = errors.Is(err, fs.ErrNotExist)
	}
	if err != nil {
		dir.Remove(tmp) //nolint:errcheck // the first error is the one to report
	}
	return cleaned, err
}

// write creates a file.
func (l *Local) write(dir *os.Root, name string, value []byte) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	if err == nil && l.options.Sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Delete implements Store.
func (l *Local) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
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
