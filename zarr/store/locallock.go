package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"sync"

	"volara/fault"
)

// lockFileName is the file whose bytes stand for the locks of all keys.
const lockFileName = ".lock"

// A lockFile is the lock file, opened when it is first needed. Each Local has its own open file, and the locks belong
// to it, so that two Locals of one process exclude each other as two processes do.
type lockFile struct {
	mu sync.Mutex
	f  *os.File
}

// Lock implements Locker. It excludes other Locals of the same directory, in this process and in others, also on other
// hosts where the file system's record locks reach that far. Where a file system has no such locks it excludes only
// the users of this Local.
func (l *Local) Lock(ctx context.Context, key string) (func(), error) {
	unlock, err := l.locks.lock(ctx, key)
	if err != nil {
		return nil, err
	}
	f, err := l.lockFile()
	if err != nil {
		unlock()
		return nil, fmt.Errorf("locking %s: %w", l.Name(key), err)
	}
	h := fnv.New64a()
	h.Write([]byte(key)) //nolint:errcheck // never fails
	at := int64(h.Sum64() >> 2)
	release := func() {
		unlockByte(f, at)
		unlock()
	}
	locked := make(chan error, 1)
	go func() { locked <- lockByte(f, at) }()
	select {
	case err := <-locked:
		if errors.Is(err, errNoLocks) {
			return unlock, nil
		}
		if err != nil {
			unlock()
			return nil, fmt.Errorf("locking %s: %w", l.Name(key), err)
		}
		return release, nil
	case <-ctx.Done():
		// The wait for the byte cannot be broken off; nobody else may have the key until it is over.
		go func() {
			<-locked
			release()
		}()
		return nil, ctx.Err()
	}
}

// errNoLocks says that a file system has no record locks.
var errNoLocks = errors.New("its file system has no record locks, so that processes cannot exclude each other")

// CheckLocks implements LockChecker.
func (l *Local) CheckLocks(context.Context) error {
	f, err := l.lockFile()
	if err != nil {
		return fmt.Errorf("locking %s: %w", l.dir, err)
	}
	// A byte that no key stands for: see Lock.
	if err := lockByte(f, math.MaxInt64-1); err != nil {
		return fault.Permanent(fmt.Errorf("locking %s: %w", l.dir, err))
	}
	unlockByte(f, math.MaxInt64-1)
	return nil
}

func (l *Local) lockFile() (*os.File, error) {
	l.file.mu.Lock()
	defer l.file.mu.Unlock()
	if l.file.f == nil {
		if err := l.writable(); err != nil {
			return nil, err
		}
		f, err := l.root.OpenFile(lockFileName, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, fault.FromOS(err)
		}
		l.file.f = f
	}
	return l.file.f, nil
}

func (l *lockFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
