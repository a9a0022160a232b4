package embedded

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Locked reports whether a process holds the lock of a directory for itself alone. It changes nothing there.
func Locked(dir string) bool { return refused(dir, unix.LOCK_SH) }

// Held reports whether processes hold the lock of a directory, one alone or several together. It changes nothing there.
func Held(dir string) bool { return refused(dir, unix.LOCK_EX) }

func refused(dir string, how int) bool {
	file, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer file.Close()
	err = unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
	return errors.Is(err, unix.EWOULDBLOCK)
}
