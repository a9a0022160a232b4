package zarr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// Remove deletes the array at a location; none there is no error. Anything but an array is left alone, with an error.
//
// A directory is first renamed to a hidden name beside it, so that nothing half deleted is ever found under its own, and
// so that writers still at work write into what is being deleted. On a server the chunks go first and the metadata last,
// so that a Remove that was broken off may be repeated; writers must have stopped.
func Remove(ctx context.Context, location string, opts ...Option) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at, err := store.ParseLocation(location)
	if err == nil && at.Remote() {
		err = removeObjects(ctx, location, opts)
	}
	switch {
	case err != nil:
		return fmt.Errorf("removing %s: %w", location, err)
	case at.Remote():
		return nil
	}
	return removeDirectory(ctx, at.Path)
}

// removeObjects removes an array from a server.
func removeObjects(ctx context.Context, location string, opts []Option) error {
	n, err := openNode(ctx, location, opts)
	if err != nil {
		return err
	}
	err = removeNode(ctx, n)
	return errors.Join(err, n.Close())
}

func removeNode(ctx context.Context, n *store.Node) error {
	if is, err := isArray(ctx, n); err != nil {
		return err
	} else if !is {
		names, err := n.Names(ctx, 1)
		if err == nil && len(names) > 0 {
			err = fault.Permanent(fmt.Errorf("not an array: %s", describe(ctx, n)))
		}
		return err
	}
	var metadata []string
	var failed error
	chunks := func(yield func(string) bool) {
		for e, err := range n.Store.List(ctx, n.Prefix) {
			if failed = err; err != nil {
				return
			}
			if name := strings.TrimPrefix(e.Key, n.Prefix); slices.Contains(metadataKeys(), name) {
				metadata = append(metadata, e.Key)
			} else if !yield(e.Key) {
				return
			}
		}
	}
	if err := errors.Join(store.Wipe(ctx, n.Store, chunks), failed); err != nil {
		return err
	}
	return store.Wipe(ctx, n.Store, slices.Values(metadata))
}

// metadataKeys are the keys of an array that tell that there is one.
func metadataKeys() []string { return []string{"zarr.json", ".zarray", ".zattrs"} }

func removeDirectory(ctx context.Context, dir string) error {
	err := store.EmptyTrash(dir)
	if err == nil {
		err = moveArray(ctx, dir)
	}
	if err == nil {
		err = store.EmptyTrash(dir)
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", dir, err)
	}
	return nil
}

// moveArray moves the directory of an array away; none is no error.
func moveArray(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	n, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		return err
	}
	defer n.Close()
	if is, err := isArray(ctx, n); err != nil {
		return err
	} else if !is {
		return fault.Permanent(fmt.Errorf("not an array: %s", describe(ctx, n)))
	}
	return store.MoveAway(dir)
}
