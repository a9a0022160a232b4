package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"volara/fault"
)

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

// putTries bounds how often a value is written again because its temporary file or its directory was gone.
const putTries = 3

// put writes a temporary file in the value's directory and renames it, through that directory. When Clean has taken the
// file for one that was left behind, or the directory is no longer what it was, it is written again.
func (l *Local) put(ctx context.Context, key string, value []byte) error {
	parent, name := path.Dir(key), path.Base(key)
	for try := 1; ; try++ {
		dir, err := l.dirs.use(l.root, parent, l.options.Sync)
		if err != nil {
			return err
		}
		err = inside(dir.File, func(fd int) error { return l.replace(ctx, fd, name, value) })
		gone := errors.Is(err, fs.ErrNotExist)
		if gone {
			l.dirs.forget(parent, dir)
		}
		l.dirs.done(dir)
		if !gone || try == putTries {
			return err
		}
	}
}

// inside calls f with the descriptor of an open directory, which stays open meanwhile.
func inside(dir *os.File, f func(fd int) error) error {
	conn, err := dir.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = conn.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}

// replace writes a temporary file and gives it its name. ctx is asked right before: a writer that loses its right after
// that finds its file gone.
func (l *Local) replace(ctx context.Context, dir int, name string, value []byte) error {
	tmp := "." + name + "." + randomName() + partialSuffix
	err := l.write(dir, tmp, value)
	if err == nil {
		err = mayWrite(ctx)
	}
	if err == nil {
		fault.Point("array.written")
		err = retry(func() error { return unix.Renameat(dir, tmp, dir, name) })
	}
	if err != nil {
		unix.Unlinkat(dir, tmp, 0) //nolint:errcheck // the first error is the one to report
		return err
	}
	if l.options.Sync {
		return retry(func() error { return unix.Fsync(dir) })
	}
	return nil
}

// write creates a file.
func (l *Local) write(dir int, name string, value []byte) error {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o666)
		return err
	})
	if err != nil {
		return err
	}
	err = writeAll(fd, value)
	if err == nil && l.options.Sync {
		err = retry(func() error { return unix.Fsync(fd) })
	}
	return errors.Join(err, unix.Close(fd))
}

func writeAll(fd int, data []byte) error {
	for len(data) > 0 {
		n := 0
		err := retry(func() (err error) {
			n, err = unix.Write(fd, data[:min(len(data), maxTransfer)])
			return err
		})
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// randomName tells the temporary files of concurrent writers apart.
func randomName() string { return strconv.FormatUint(rand.Uint64(), 36) }
