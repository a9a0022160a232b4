package store

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// tryLockByte takes an open-file-description lock on one byte, or returns errLocked. A file system without locks
// grants it.
func tryLockByte(f *os.File, at int64) (release func(), err error) {
	set := func(kind int16) error {
		return unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK,
			&unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: at, Len: 1})
	}
	switch err := set(unix.F_WRLCK); {
	case err == nil:
		return func() { set(unix.F_UNLCK) }, nil //nolint:errcheck // unlocking cannot fail for a byte held
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return nil, errLocked
	case errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL):
		return func() {}, nil
	default:
		return nil, err
	}
}
