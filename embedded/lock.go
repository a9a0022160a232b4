package embedded

// A Lock holds a directory for this process.
type Lock struct{}

// LockDir takes the lock of a directory, which is made when missing. If another process holds it, the error is a
// *HeldError that names it. The kernel frees the lock when the process ends, however it ends.
func LockDir(dir string) (*Lock, error) { panic("being written") }

// Unlock frees the directory.
func (l *Lock) Unlock() error { panic("being written") }

// A HeldError says who holds a directory.
type HeldError struct {
	Dir     string
	PID     int    // 0: unknown
	Command string // as it was started
}

// Error names the holder.
func (e *HeldError) Error() string { panic("being written") }
