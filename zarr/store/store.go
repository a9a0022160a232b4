package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
)

// ErrNotExist is what errors for missing keys wrap. It is fs.ErrNotExist.
var ErrNotExist = fs.ErrNotExist

// ErrRange is what errors for ranges that leave a value wrap.
var ErrRange = errors.New("range leaves the value")

// A Store holds values under keys. A key is one or more names joined by slashes; no name is empty, "." or "..", none
// holds a backslash or a NUL byte. Stores may be used concurrently; which of two concurrent Puts of one key wins is
// open, but a reader sees all of one of them, or all of what was there before.
type Store interface {
	// Get returns the value; the caller owns it. A missing key is ErrNotExist.
	Get(ctx context.Context, key string) ([]byte, error)

	// GetRange returns length bytes of the value from offset; a negative offset counts from the end. A range that
	// leaves the value is ErrRange.
	GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error)

	// Put stores a value, replacing what was there, all of it or nothing. It does not keep value.
	Put(ctx context.Context, key string, value []byte) error

	// Delete removes a value. A missing key is no error.
	Delete(ctx context.Context, key string) error

	// List yields the values whose keys start with prefix, in no particular order, and ends after yielding an error.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// String names the store for people: a path or a URL.
	String() string
}

// An Entry is a stored value without its bytes.
type Entry struct {
	Key  string
	Size int64
}

// A Locker is a Store that can exclude others from an object while it is read, changed and written back.
type Locker interface {
	// Lock waits until nobody else holds the lock of a key of the node whose keys start with prefix, or ctx is done. It
	// excludes other holders of the same Store; how far beyond that it reaches is the implementation's to say.
	Lock(ctx context.Context, prefix, key string) (unlock func(), err error)
}

// A LockChecker is a Store that knows whether Change excludes other processes.
type LockChecker interface {
	// CheckLocks returns an error that says why it does not for keys that start with prefix, nil where it does.
	CheckLocks(ctx context.Context, prefix string) error
}

// A BufferGetter is a Store that can read into memory the caller has.
type BufferGetter interface {
	// GetBuffer is Get into buf's memory where its capacity suffices. A value longer than limit bytes is ErrRange.
	GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error)
}

// A Namer is a Store that knows what a person would call an object: the path of its file.
type Namer interface {
	Name(key string) string
}

// Name returns what a person would call the object of a key.
func Name(s Store, key string) string {
	if n, ok := s.(Namer); ok {
		return n.Name(key)
	}
	return strings.TrimSuffix(s.String(), "/") + "/" + key
}

// checkKey returns an error for a key that is not well formed.
func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.ContainsAny(key, "\\\x00") {
		return fmt.Errorf("%q is not a store key", key)
	}
	return nil
}

// window returns where the range [offset, offset+length) of a value of the given size starts.
func window(size, offset, length int64) (int64, error) {
	start := offset
	if offset < 0 {
		start += size
	}
	if start < 0 || length < 0 || start > size || length > size-start {
		return 0, fmt.Errorf("bytes %d+%d of a value of %d: %w", offset, length, size, ErrRange)
	}
	return start, nil
}
