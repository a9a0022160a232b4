package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"volara/fault"
)

var _ Opener = (*Local)(nil)

// A localValue is an open file. It goes without os.File, whose poller and finaliser cost as much as reading a small chunk.
type localValue struct {
	fd   int
	name string
	size int64
}

// OpenValue implements Opener.
func (l *Local) OpenValue(ctx context.Context, key string) (Value, error) {
	v, err := l.open(ctx, key)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// open opens the file of a key. A directory of that name is no value, and neither is a file where the key needs a
// directory.
func (l *Local) open(ctx context.Context, key string) (*localValue, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	v, err := openValue(l.Name(key))
	if err == nil {
		return v, nil
	}
	if notDirectory(err) {
		err = fmt.Errorf("%w: %w", ErrNotExist, err)
	}
	if link, linkErr := os.Readlink(l.Name(key)); linkErr == nil && errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Permanent(fmt.Errorf("%s is a link to %s, which is not there", l.Name(key), link))
	}
	return nil, fault.FromOS(err)
}

// openValue opens a regular file. Anything else is told from one without waiting for it, as a pipe would have it.
func openValue(name string) (*localValue, error) {
	v := &localValue{name: name}
	err := retry(func() (err error) {
		v.fd, err = unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	var st unix.Stat_t
	err = retry(func() error { return unix.Fstat(v.fd, &st) })
	switch kind := st.Mode & unix.S_IFMT; {
	case err != nil:
	case kind == unix.S_IFDIR:
		err = ErrNotExist
	case kind != unix.S_IFREG:
		err = errors.New("no regular file")
	}
	if err != nil {
		unix.Close(v.fd) //nolint:errcheck // nothing was done with it
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	v.size = st.Size
	return v, nil
}

// Size implements Value.
func (v *localValue) Size() int64 { return v.size }

// Close implements Value.
func (v *localValue) Close() error { return unix.Close(v.fd) }

// ReadAt implements Value.
func (v *localValue) ReadAt(p []byte, offset int64) (int, error) {
	done := 0
	for done < len(p) {
		n := 0
		err := retry(func() (err error) {
			n, err = unix.Pread(v.fd, p[done:min(len(p), done+maxTransfer)], offset+int64(done))
			return err
		})
		if err == nil && n == 0 {
			err = fmt.Errorf("it ends at byte %d: %w: %w", offset+int64(done), ErrRange, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return done, fault.FromOS(&fs.PathError{Op: "read", Path: v.name, Err: err})
		}
		done += n
	}
	return done, nil
}

// maxTransfer is how much one call reads or writes at most; some systems take no more than 2 GiB.
const maxTransfer = 1 << 30

// retry repeats a system call that a signal broke off.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
