package store

import (
	"context"
	"errors"
	"io"
)

var _ Opener = (*Memory)(nil)

// An Opener is a Store that can keep a value open, to read several ranges of it.
type Opener interface {
	// OpenValue opens the value of a key. A missing key is ErrNotExist.
	OpenValue(ctx context.Context, key string) (Value, error)
}

// A Value is an open value: all that is read of it is of one version, also when another one is stored meanwhile. It may
// be used concurrently.
type Value interface {
	// ReadAt fills p from offset on; what leaves the value is ErrRange.
	io.ReaderAt
	io.Closer
	// Size returns the bytes of the value.
	Size() int64
}

// NewValue returns a Value of bytes, which must not change.
func NewValue(b []byte) Value { return bytesValue(b) }

type bytesValue []byte

func (v bytesValue) Size() int64  { return int64(len(v)) }
func (v bytesValue) Close() error { return nil }

func (v bytesValue) ReadAt(p []byte, offset int64) (int, error) {
	start, err := window(v.Size(), offset, int64(len(p)))
	if err != nil || offset < 0 {
		return 0, errors.Join(err, ErrRange)
	}
	return copy(p, v[start:]), nil
}

// OpenValue implements Opener.
func (m *Memory) OpenValue(ctx context.Context, key string) (Value, error) {
	v, err := m.value(ctx, key)
	if err != nil {
		return nil, err
	}
	return NewValue(v), nil
}
