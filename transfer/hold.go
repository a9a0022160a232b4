package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"volara/fault"
	"volara/zarr/store"
)

// hold makes the destination this process's own, and looks at it again: the plan was made while it was not. What
// --overwrite replaces is removed. A directory is held by a lock on itself that is taken before anything is changed; a
// bucket has none.
func (c *Copy) hold(ctx context.Context) (release func(), err error) {
	if _, ok := c.to.Store.(*store.Local); !ok {
		if c.o.Overwrite && !c.resumed {
			err = c.wipe(ctx)
		}
		return func() {}, err
	}
	dir := c.to.String()
	for moved := false; ; moved = true {
		lock, err := lockDir(dir)
		if err != nil {
			return nil, errors.Join(err, store.EmptyTrash(dir))
		}
		old, err := c.lookInto(ctx, dir, moved)
		if err == nil && !old {
			// Only now, as it takes long: under the lock of the directory that is to be filled.
			err = store.EmptyTrash(dir)
		}
		if err != nil {
			lock.Close()
			return nil, err
		}
		if !old {
			return func() { lock.Close() }, nil
		}
		// The lock is on what is moved away, and goes with it: that of the new directory is taken like any other.
		err = store.MoveAway(dir)
		lock.Close()
		if err != nil {
			return nil, notWritable(fmt.Errorf("replacing %s, for which the directory around it must be writable: %w", dir, err))
		}
	}
}

// lookInto looks at a directory that is locked, and reports whether it holds what is to be replaced. Of one that comes
// after what was moved away only that is asked.
func (c *Copy) lookInto(ctx context.Context, dir string, moved bool) (old bool, err error) {
	if !moved {
		if err := c.look(ctx); err != nil {
			return false, err
		}
	}
	if !c.o.Overwrite {
		return false, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return false, fmt.Errorf("looking at the destination: %w", fault.FromOS(err))
	}
	defer f.Close()
	switch _, err := f.Readdirnames(1); {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking at the destination: %w", fault.FromOS(err))
	case moved:
		return false, busy(dir)
	}
	return true, nil
}

// createDir makes the directory of a copy.
func createDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return notWritable(fmt.Errorf("creating %s: %w", dir, fault.FromOS(err)))
	}
	return nil
}

// isStill reports whether an open directory is the one that its path leads to.
func isStill(f *os.File, dir string) (bool, error) {
	there, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	opened, err := f.Stat()
	return err == nil && os.SameFile(opened, there), err
}

// busy is the error of a copy into a directory where another one is being made.
func busy(dir string) error {
	return fmt.Errorf("another process is making a copy in %s: wait until it ends, or stop it", dir)
}

// wipe removes all objects of a destination that is no directory.
func (c *Copy) wipe(ctx context.Context) error {
	var failed error
	keys := func(yield func(string) bool) {
		for e, err := range c.to.Store.List(ctx, c.to.Prefix) {
			if failed = err; err != nil || !yield(e.Key) {
				return
			}
		}
	}
	if err := errors.Join(store.Wipe(ctx, c.to.Store, keys), failed); err != nil {
		return fmt.Errorf("removing %s: %w", c.destination, err)
	}
	return nil
}
