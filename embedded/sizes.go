package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// StreamSizes returns the bytes that each stream of a server takes on disk, by name, without a server: dir is
// Options.Dir. It may be called while a server runs; a directory that is not there holds nothing.
func StreamSizes(dir string) (map[string]int64, error) {
	root := streamsDir(filepath.Join(dir, "jetstream"))
	names, err := streamDirs(filepath.Join(dir, "jetstream"))
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, name := range names {
		if sizes[name], err = FolderSize(filepath.Join(root, name)); err != nil {
			return nil, fmt.Errorf("measure the NATS store: %w", err)
		}
	}
	return sizes, nil
}

// FolderSize adds up the files of a folder; those that vanish meanwhile do not count.
func FolderSize(dir string) (int64, error) {
	total := int64(0)
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += info.Size()
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	})
	return total, err
}
