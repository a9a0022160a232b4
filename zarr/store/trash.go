package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"

	"volara/fault"
)

// MoveAway renames a directory to a hidden name beside it, .NAME.<16 hexadecimal digits>.trash, so that nothing half deleted
// is ever found under its own: EmptyTrash deletes it.
func MoveAway(dir string) error {
	trash := filepath.Join(filepath.Dir(dir), fmt.Sprintf(".%s.%016x.trash", filepath.Base(dir), rand.Uint64()))
	return fault.FromOS(os.Rename(dir, trash))
}

// EmptyTrash deletes what MoveAway has made of directories of this name, also what one that was killed has left. Nobody
// needs it, so that it may be called at any time.
func EmptyTrash(dir string) error {
	around := filepath.Dir(dir)
	entries, err := os.ReadDir(around)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) { // what cannot be looked into was not renamed in
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for what was moved away from %s: %w", dir, fault.FromOS(err))
	}
	isTrash := regexp.MustCompile(`^\.` + regexp.QuoteMeta(filepath.Base(dir)) + `\.[0-9a-f]{16}\.trash$`).MatchString
	for _, e := range entries {
		if !isTrash(e.Name()) {
			continue
		}
		trash := filepath.Join(around, e.Name())
		// A writer that is still at work may create a file while its directory is being deleted: once more, then.
		if os.RemoveAll(trash) == nil {
			continue
		}
		if err := os.RemoveAll(trash); err != nil {
			return fmt.Errorf("removing %s, which was moved away from %s: %w", trash, dir, fault.FromOS(err))
		}
	}
	return nil
}
