package zarr

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/semaphore"

	"volara/fault"
)

// ErrTooLarge says that decoding one chunk takes more memory than Bounded allows.
var ErrTooLarge = errors.New("decoding the chunk takes more memory than is allowed")

// Bounded lets what is decoded at once, for all reads of the array and of its views, take so many bytes together: the voxels
// of chunks, unless they are decoded where they are wanted, what is stored of them, and the indexes of shards, which have a
// quarter of it. Of a store that opens no values the memory is there before a chunk is asked for. A stored chunk, or an
// index, that takes more on its own is ErrTooLarge; one that is not stored takes nothing. What a cache keeps does not count.
// The least bound is a MiB.
func Bounded(bytes int64) Option {
	bytes = max(bytes, 1<<20)
	b := &bound{bytes: bytes, chunks: newShare(bytes - bytes/4), indexes: newShare(bytes / 4)}
	return func(o *options) { o.bound = b }
}

// A bound is the memory that reads may take; nil is none. Who has memory for chunks waits for no other reader. Who has some
// for indexes may wait for those who have some for chunks, and for nobody else: so all get on.
type bound struct {
	bytes           int64
	chunks, indexes *share
}

// A share is a part of a bound. What is larger than it, and not than the bound, has it alone.
type share struct {
	bytes int64
	free  *semaphore.Weighted
}

func newShare(bytes int64) *share { return &share{bytes, semaphore.NewWeighted(bytes)} }

// take waits until so many bytes are free.
func (s *share) take(ctx context.Context, bytes int64) (*room, error) {
	bytes = min(bytes, s.bytes)
	if err := s.free.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return &room{s.free, bytes}, nil
}

// A room is what somebody has of a share; nil is nothing.
type room struct {
	free  *semaphore.Weighted
	bytes int64
}

// keep gives back what is more than so many bytes.
func (r *room) keep(bytes int64) {
	if r != nil && bytes < r.bytes {
		r.free.Release(r.bytes - bytes)
		r.bytes = bytes
	}
}

// within calls do when there are so many bytes free for a chunk of the object. do may not wait for another reader.
func (b *bound) within(ctx context.Context, o *object, bytes int64, do func() error) error {
	if b == nil {
		return do()
	}
	if bytes > b.bytes {
		return b.tooLarge(o, bytes)
	}
	r, err := b.chunks.take(ctx, bytes)
	if err != nil {
		return err
	}
	defer r.keep(0)
	return do()
}

func (b *bound) tooLarge(o *object, bytes int64) error {
	return fault.Permanent(fmt.Errorf("%s: %w: %d MiB, not %d MiB", o.a.chunkName(o.key), ErrTooLarge, bytes>>20+1, b.bytes>>20))
}
