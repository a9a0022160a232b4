package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// List implements Store. It leaves out temporary files and the lock file.
func (l *Local) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range l.files(ctx, prefix) {
			if err == nil && Hidden(path.Base(e.Key)) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Hidden reports whether a file of this name is the store's own and no value: the lock file or a temporary one.
func Hidden(name string) bool {
	return name == lockFileName || strings.HasSuffix(name, partialSuffix)
}

// files yields every regular file whose key starts with prefix, walking no more directories than that needs.
func (l *Local) files(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		start := l.Name(path.Dir(prefix+"x")) + string(filepath.Separator) // which follows a link there
		err := filepath.WalkDir(start, func(name string, d fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			switch {
			case errors.Is(err, fs.ErrNotExist) || notDirectory(err):
				return nil // it went away meanwhile
			case err != nil:
				return err
			case d.IsDir():
				return nil
			}
			e := Entry{Key: filepath.ToSlash(strings.TrimPrefix(name, l.dir+string(filepath.Separator)))}
			if !strings.HasPrefix(e.Key, prefix) {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			if e.Size = info.Size(); !yield(e, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Entry{}, fmt.Errorf("listing %s: %w", l.dir, err))
		}
	}
}

// Clean removes the temporary files that were not touched for the given time: what crashed writers left behind. The
// time must be longer than any write takes, in this process or another.
func (l *Local) Clean(ctx context.Context, idle time.Duration) (removed int, err error) {
	if err := l.writable(); err != nil {
		return 0, err
	}
	for e, err := range l.files(ctx, "") {
		if err != nil {
			return removed, err
		}
		if !strings.HasSuffix(e.Key, partialSuffix) {
			continue
		}
		info, err := l.root.Stat(e.Key)
		if err != nil || time.Since(info.ModTime()) < idle {
			continue
		}
		if l.root.Remove(e.Key) == nil {
			removed++
		}
	}
	return removed, nil
}

var _ NamesLister = (*Local)(nil)

// Names implements NamesLister. It leaves out temporary files and the lock file.
func (l *Local) Names(ctx context.Context, prefix string, most int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if dir := strings.TrimSuffix(prefix, "/"); dir != "" {
		if err := checkKey(dir); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(l.Name(prefix))
	if errors.Is(err, os.ErrNotExist) || notDirectory(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	for len(names) < most {
		entries, err := f.ReadDir(256)
		for _, e := range entries {
			switch {
			case Hidden(e.Name()):
			case isFolder(l.Name(prefix+e.Name()), e):
				names = append(names, e.Name()+"/")
			default:
				names = append(names, e.Name())
			}
		}
		if err != nil {
			break // the end, or what went wrong on the way there
		}
	}
	return names[:min(most, len(names))], nil
}

// isFolder reports whether an entry of a directory is one itself, also through a link.
func isFolder(path string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// parent implements parenter.
func (l *Local) parent() (Store, bool) {
	up := filepath.Dir(l.dir)
	if up == l.dir {
		return nil, false
	}
	return &Local{dir: up}, true
}
