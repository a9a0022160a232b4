package zarr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// emptyTrash removes what a Remove of the same array that was killed has left beside it.
func emptyTrash(dir string) error {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+filepath.Base(dir)+".") && strings.HasSuffix(e.Name(), trashSuffix) {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(dir), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// trashSuffix ends the name of an array that is being deleted.
const trashSuffix = ".trash"

// Remove deletes the array at a local path; none there is no error. It first renames the array to a hidden name beside
// it, so that nothing half deleted is ever found under its own, and so that writers still at work write into what is
// being deleted. Anything but an array is left alone, with an error.
func Remove(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	if err := emptyTrash(dir); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	n, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	defer n.Close()
	if !isArray(ctx, n) {
		return fault.Permanent(fmt.Errorf("removing %s: not an array: %s", path, describe(ctx, n)))
	}
	trash := filepath.Join(filepath.Dir(dir), fmt.Sprintf(".%s.%x%s", filepath.Base(dir), rand.Uint64(), trashSuffix))
	if err := os.Rename(dir, trash); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	// A writer that is still at work may create a file while its directory is being deleted: once more, then.
	if err := os.RemoveAll(trash); err == nil {
		return nil
	}
	if err := os.RemoveAll(trash); err != nil {
		return fmt.Errorf("removing %s, already renamed to %s: %w", path, trash, err)
	}
	return nil
}
