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

// Bounded lets the chunks that are decoded at once, for all reads of the array and of its views, take so many bytes
// together: their voxels, unless they are decoded where they are wanted, and what is stored of them. A stored chunk that
// takes more on its own is ErrTooLarge; one that is not stored takes nothing. What a cache keeps does not count. The
// least bound is a MiB.
func Bounded(bytes int64) Option {
	bytes = max(bytes, 1<<20)
	b := &bound{bytes, semaphore.NewWeighted(bytes)}
	return func(o *options) { o.bound = b }
}

// A bound is the memory that chunks may take while they are decoded; nil is none.
type bound struct {
	bytes int64
	free  *semaphore.Weighted
}

// within calls do when there are so many bytes free for the object. do may not wait for another call.
func (b *bound) within(ctx context.Context, o *object, bytes int64, do func() error) error {
	if b == nil {
		return do()
	}
	if bytes > b.bytes {
		return fault.Permanent(fmt.Errorf("%s: %w: %d MiB, not %d MiB", o.a.chunkName(o.key), ErrTooLarge, bytes>>20+1, b.bytes>>20))
	}
	if err := b.free.Acquire(ctx, bytes); err != nil {
		return err
	}
	defer b.free.Release(bytes)
	return do()
}
