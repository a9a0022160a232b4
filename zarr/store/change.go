package store

import (
	"context"
	"errors"
)

// A Changer is a Store that can read a value, change it and write it back so that nobody's change in between is lost,
// without a lock: it writes only over what it has read.
type Changer interface {
	// Change is what the function Change says, of a key of the store.
	Change(ctx context.Context, key string, limit int64, buf []byte, change func(old []byte) (value []byte, err error)) error
}

// Change replaces the value of a key of a node by what change makes of it: nil when there was none, and nil when there is to
// be none. A value longer than limit bytes is ErrRange. change may be called several times; it owns what it is given, which
// lies in buf's memory where that suffices.
//
// How far others are excluded is the store's to say: a Changer's, or else a Locker's. Who writes all of a value without
// Change may be written over.
func Change(ctx context.Context, n *Node, key string, limit int64, buf []byte, change func(old []byte) (value []byte, err error)) error {
	if c, ok := n.Store.(Changer); ok {
		return c.Change(ctx, n.Prefix+key, limit, buf, change)
	}
	if l, ok := n.Store.(Locker); ok {
		unlock, err := l.Lock(ctx, n.Prefix, key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	old, err := n.GetBuffer(ctx, key, buf, limit)
	if err != nil && !errors.Is(err, ErrNotExist) {
		return err
	}
	value, err := change(whenThere(old, err))
	switch {
	case err != nil:
		return err
	case value == nil:
		return n.Store.Delete(ctx, n.Prefix+key)
	}
	return n.Store.Put(ctx, n.Prefix+key, value)
}

// whenThere returns what was read, nil where there was nothing: a value of no bytes is not nil.
func whenThere(old []byte, err error) []byte {
	switch {
	case err != nil:
		return nil
	case old == nil:
		return []byte{}
	}
	return old
}
