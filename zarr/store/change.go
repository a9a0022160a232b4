package store

import (
	"context"
	"errors"
	"iter"

	"golang.org/x/sync/errgroup"
)

// A Changer is a Store that can read a value, change it and write it back so that nobody's change in between is lost,
// without a lock: it writes only over what it has read.
type Changer interface {
	// Change is what the function Change says.
	Change(ctx context.Context, key string, limit int64, change func(old []byte) (value []byte, err error)) error
}

// Change replaces the value of a key by what change makes of it: nil when there was none, and nil when there is to be
// none. A value longer than limit bytes is ErrRange. change may be called several times; it owns what it is given.
//
// How far others are excluded is the store's to say: a Changer's, or else a Locker's.
func Change(ctx context.Context, s Store, key string, limit int64, change func(old []byte) (value []byte, err error)) error {
	if c, ok := s.(Changer); ok {
		return c.Change(ctx, key, limit, change)
	}
	if l, ok := s.(Locker); ok {
		unlock, err := l.Lock(ctx, key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	old, err := (&Node{Store: s}).Get(ctx, key, limit)
	if err != nil && !errors.Is(err, ErrNotExist) {
		return err
	}
	if err == nil && old == nil {
		old = []byte{}
	}
	value, err := change(old)
	switch {
	case err != nil:
		return err
	case value == nil:
		return s.Delete(ctx, key)
	}
	return s.Put(ctx, key, value)
}

// Change implements Changer.
func (s *S3) Change(ctx context.Context, key string, limit int64, change func(old []byte) ([]byte, error)) error {
	unlock, err := s.Lock(ctx, key) // spares those of this process the conflicts
	if err != nil {
		return err
	}
	defer unlock()
	return untilUnchanged(ctx, func() error {
		old, version, err := s.get(ctx, key, nil, limit)
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		if err != nil {
			old, version = nil, ""
		} else if old == nil {
			old = []byte{}
		}
		value, err := change(old)
		if err != nil {
			return err
		}
		switch {
		case value == nil && version == "":
			return nil // there is nothing, and nothing is wanted
		case value == nil:
			return s.deleteIf(ctx, key, version)
		}
		if err := mayWrite(ctx); err != nil {
			return err
		}
		return s.putIf(ctx, key, value, version)
	})
}

// A Versioner is a Store that tells of a value whether it was replaced.
type Versioner interface {
	// Version returns a text that changes when the value does. A missing key is ErrNotExist.
	Version(ctx context.Context, key string) (string, error)
}

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
