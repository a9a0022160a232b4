//go:build unix

package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"volara/fault"
)

// errReadOnly is what writing to a file system that is mounted so gives.
var errReadOnly error = unix.EROFS

// lockDir creates a directory where there is none and keeps other processes on this machine from making a copy in it,
// until the file is closed. The lock is that of the directory itself, not of its name: one that was replaced while the
// lock was being taken is tried anew. File systems without such locks have none: copies of the same do each other no harm.
func lockDir(dir string) (*os.File, error) {
	for {
		if err := createDir(dir); err != nil {
			return nil, err
		}
		f, err := os.Open(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // moved away since
		}
		if err != nil {
			return nil, notWritable(fmt.Errorf("locking %s: %w", dir, fault.FromOS(err)))
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(busy(dir), f.Close())
		}
		still, err := isStill(f, dir)
		if still {
			return f, nil
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("locking %s: %w", dir, fault.FromOS(err))
		}
	}
}
