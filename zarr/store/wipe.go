package store

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// A Wiper is a Store that can delete many values at once.
type Wiper interface {
	// Wipe deletes the values of keys; missing ones are no error.
	Wipe(ctx context.Context, keys iter.Seq[string]) error
}

// Wipe deletes the values of keys; missing ones are no error.
func Wipe(ctx context.Context, s Store, keys iter.Seq[string]) error {
	if w, ok := s.(Wiper); ok {
		return w.Wipe(ctx, keys)
	}
	const atOnce = 16
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for key := range keys {
		if working.Err() != nil {
			break
		}
		group.Go(func() error { return s.Delete(working, key) })
	}
	return group.Wait()
}
