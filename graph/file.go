package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"volara/fault"
)

// WriteFile makes or replaces the file at path, with its folder where that is missing, so that at any time the old
// or the new content is there as a whole. The content is on disk before it takes its name. A full disk is the
// environment's fault.
func WriteFile(path string, write func(*os.File) error) error {
	if err := replaceFile(path, write); err != nil {
		err = fmt.Errorf("writing %s: %w", path, err)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EIO) {
			err = fault.Environment(err)
		}
		return err
	}
	return nil
}

func replaceFile(path string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	// Not os.CreateTemp, whose files only their owner may read.
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%016x.tmp", filepath.Base(path), rand.Uint64()))
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it is renamed
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
