package store

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// lockByte waits for an open-file-description lock on one byte; errNoLocks where the file system has none.
func lockByte(f *os.File, at int64) error {
	for {
		err := setLock(f, at, unix.F_OFD_SETLKW, unix.F_WRLCK)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL):
			return errNoLocks
		default:
			return err
		}
	}
}

// unlockByte releases what lockByte took.
func unlockByte(f *os.File, at int64) {
	setLock(f, at, unix.F_OFD_SETLK, unix.F_UNLCK) //nolint:errcheck // a byte that is held can be unlocked
}

// setLock goes through the connection of the file, which keeps it open meanwhile.
func setLock(f *os.File, at int64, command int, kind int16) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		lockErr = unix.FcntlFlock(fd, command, &unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: at, Len: 1})
	})
	return errors.Join(err, lockErr)
}
