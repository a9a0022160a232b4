package graph

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"volara/fault"
)

// WriteFile makes or replaces the file at path, with its folder where that is missing, so that at any time the old
// or the new content is there as a whole. The content is on disk before it takes its name. A full disk is the
// environment's fault.
func WriteFile(path string, write func(*os.File) error) error {
	return WriteFileAs(context.Background(), path, "", write)
}

// WriteFileAs is WriteFile for a writer that may lose its right to the file. ctx is asked last before the file is
// replaced; and should the writer be stopped right after it was asked, VoidWrites has taken away what it was about to
// put there. owner stands for the right in the names of
// temporary files; it holds no dot.
func WriteFileAs(ctx context.Context, path, owner string, write func(*os.File) error) error {
	if err := replaceFile(ctx, path, owner, write); err != nil {
		err = fmt.Errorf("writing %s: %w", path, err)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EIO) {
			err = fault.Environment(err)
		}
		return err
	}
	return nil
}

func replaceFile(ctx context.Context, path, owner string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	// Not os.CreateTemp, whose files only their owner may read.
	temporary := fmt.Sprintf("%s%s.%016x%s", temporaryPrefix(path), owner, rand.Uint64(), temporarySuffix)
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it is renamed
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close(), ctx.Err()); err != nil {
		return err
	}
	fault.Point("file.written")
	return os.Rename(f.Name(), path)
}

const temporarySuffix = ".tmp"

func temporaryPrefix(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".")
}

// VoidWrites removes what writers of the file have begun and not finished, except those of an owner ("": of all): they
// can no longer replace it, however late they wake up.
func VoidWrites(path, except string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for unfinished writes of %s: %w", path, err)
	}
	prefix := filepath.Base(temporaryPrefix(path))
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		rest, temporary := strings.CutSuffix(rest, temporarySuffix)
		owner, random, _ := strings.Cut(rest, ".")
		if !ok || !temporary || strings.Contains(random, ".") || except != "" && owner == except {
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(path), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an unfinished write of %s: %w", path, err)
		}
	}
	return nil
}
