package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"volara/fault"
)

// A Lock holds a directory for this process.
type Lock struct{ file *os.File }

// holder is what the lock file says, for people: the lock itself is the kernel's.
type holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// LockDir takes the lock of a directory, which is made when missing. If another process holds it, the error is a
// *HeldError that names it. The kernel frees the lock when the process ends, however it ends; the lock file stays.
func LockDir(dir string) (*Lock, error) { return lockDir(dir, unix.LOCK_EX) }

// ShareDir takes the lock of a directory as LockDir does, together with any others who share it.
func ShareDir(dir string) (*Lock, error) { return lockDir(dir, unix.LOCK_SH) }

func lockDir(dir string, how int) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, fault.FromOS(err))
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, fault.FromOS(err))
	}
	err = flock(file, how)
	if err == nil {
		err = sign(file)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = heldBy(dir, file)
	} else if err != nil {
		err = fmt.Errorf("lock %s: %w", dir, fault.FromOS(err))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Lock{file}, nil
}

// flock takes a lock that may be held for a moment by somebody who looks whether it is held.
func flock(file *os.File, how int) error {
	const tries, pause = 5, 10 * time.Millisecond
	for i := 1; ; i++ {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		if i == tries || !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		time.Sleep(pause)
	}
}

// Unlock frees the directory.
func (l *Lock) Unlock() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("unlock %s: %w", filepath.Dir(l.file.Name()), err)
	}
	return nil
}

func sign(file *os.File) error {
	data, err := json.Marshal(holder{os.Getpid(), strings.Join(os.Args, " ")})
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(append(data, '\n'), 0)
	return err
}

// A HeldError says who holds a directory.
type HeldError struct {
	Dir     string
	PID     int    // 0: unknown
	Command string // as it was started
}

func heldBy(dir string, file *os.File) error {
	var h holder
	if err := json.NewDecoder(file).Decode(&h); err != nil {
		h = holder{} // being written: the lock holds all the same
	}
	return &HeldError{dir, h.PID, h.Command}
}

// Error names the holder.
func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("%s is in use by process %d (%s)", e.Dir, e.PID, e.Command)
}
