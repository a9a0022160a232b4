package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"

	"volara/fault"
)

var (
	_ Locker      = (*Local)(nil)
	_ LockChecker = (*Local)(nil)
)

// Lock implements Locker. It excludes whoever else locks that key of that node: users of this Local and of other Locals, of
// the same directory or of one above or below it, in this process and in others, also on other hosts where the file
// system's record locks reach that far. Where a file system has no such locks it excludes only the users of this Local.
func (l *Local) Lock(ctx context.Context, prefix, key string) (func(), error) {
	unlock, err := l.locks.lock(ctx, prefix+key)
	if err != nil {
		return nil, err
	}
	type taken struct {
		release func()
		err     error
	}
	locked := make(chan taken, 1)
	go func() {
		release, err := l.lockByte(prefix, lockedByte(key))
		locked <- taken{release, err}
	}()
	select {
	case t := <-locked:
		switch {
		case t.err == nil:
			return func() { t.release(); unlock() }, nil
		case errors.Is(t.err, errNoLocks):
			return unlock, nil
		}
		unlock()
		return nil, fmt.Errorf("locking %s: %w", l.Name(prefix+key), t.err)
	case <-ctx.Done():
		// The wait for the byte cannot be broken off; nobody else may have the key until it is over.
		go func() {
			if t := <-locked; t.err == nil {
				t.release()
			}
			unlock()
		}()
		return nil, ctx.Err()
	}
}

// lockedByte returns the byte of a lock file that stands for a key.
func lockedByte(key string) int64 {
	h := fnv.New64a()
	h.Write([]byte(key)) //nolint:errcheck // never fails
	return int64(h.Sum64() >> 2)
}

// lockByte waits for a byte of the lock file of a prefix.
func (l *Local) lockByte(prefix string, at int64) (release func(), err error) {
	for {
		f, err := l.lockFiles.get(l, prefix)
		if err != nil {
			return nil, err
		}
		release := func() {
			unlockByte(f.f, at)
			l.lockFiles.put(f)
		}
		if err := lockByte(f.f, at); err != nil {
			l.lockFiles.put(f)
			return nil, err
		}
		now, err := l.lockFiles.isNow(l, f)
		if err == nil && now {
			return release, nil
		}
		if release(); err != nil {
			return nil, err
		}
	}
}

// errNoLocks says that a file system has no record locks.
var errNoLocks = errors.New("its file system has no record locks, so that processes cannot exclude each other")

// CheckLocks implements LockChecker.
func (l *Local) CheckLocks(_ context.Context, prefix string) error {
	const nobodys = math.MaxInt64 - 1 // a byte that no key stands for: see lockedByte
	release, err := l.lockByte(prefix, nobodys)
	if err != nil {
		return fault.Permanent(fmt.Errorf("locking %s: %w", l.Name(prefix), err))
	}
	release()
	return nil
}
