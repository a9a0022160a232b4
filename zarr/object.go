package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/zarr/store"
)

// An object is a stored value of an array, a chunk or a shard, that is read by ranges. It is opened when it is first
// read, and may be used concurrently from then on.
type object struct {
	a     *Array
	key   string
	value store.Value // nil where the store opens no values
}

// open opens the object where the store can. One that is not stored is ErrNotExist, or what the array's options say.
func (o *object) open(ctx context.Context) (section, error) {
	s, ok := o.a.store.(store.Opener)
	if !ok {
		return section{o, 0, -1}, nil
	}
	var err error
	if o.value, err = s.OpenValue(ctx, o.a.prefix+o.key); err != nil {
		return section{}, o.a.missing(o.key, err)
	}
	return section{o, 0, o.value.Size()}, nil
}

// cacheKey is what the cache knows a piece by.
func (o *object) cacheKey(p piece) cacheKey {
	return cacheKey{o.a.identity, o.key, pieceKey{0, p.number}}
}

// indexKey is what the cache knows the index of a shard by, which lies in so many others and starts with that piece.
func (o *object) indexKey(depth, first int) cacheKey {
	return cacheKey{o.a.identity, o.key, pieceKey{depth + 1, first}}
}

func (o *object) close() {
	if o.value != nil {
		o.value.Close() //nolint:errcheck // it was only read
	}
}

// A section is a run of bytes of an object.
type section struct {
	o    *object
	from int64
	size int64 // −1: the whole object, whose size is not known before it is read
}

// errOutside says that a range leaves its section.
var errOutside = errors.New("outside of it")

// check tells whether the section has the bytes.
func (s section) check(from, n int64) error {
	if from < 0 || n < 0 || s.size >= 0 && (from > s.size || n > s.size-from) {
		return fmt.Errorf("bytes %d+%d of %d: %w", from, n, s.size, errOutside)
	}
	return nil
}

// sub returns the section of n bytes from a byte of this one, which has them.
func (s section) sub(from, n int64) section { return section{s.o, s.from + from, n} }

// read returns n bytes from a byte of the section on, of its end where from is negative. They lie in buf where they fit.
func (s section) read(ctx context.Context, buf []byte, from, n int64) ([]byte, error) {
	if s.size >= 0 && from < 0 {
		from += s.size
	}
	if s.size >= 0 {
		if err := s.check(from, n); err != nil {
			return nil, s.o.a.corrupt(s.o.key, err)
		}
	}
	if s.o.value == nil {
		raw, err := s.o.a.store.GetRange(ctx, s.o.a.prefix+s.o.key, s.from+from, n)
		return raw, s.o.failed(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	_, err := s.o.value.ReadAt(buf[:n], s.from+from)
	return buf[:n], s.o.failed(err)
}

// failed marks a range that the object does not have as corruption.
func (o *object) failed(err error) error {
	switch {
	case errors.Is(err, store.ErrRange):
		return o.a.corrupt(o.key, err)
	case err != nil:
		return o.a.missing(o.key, err)
	}
	return nil
}
