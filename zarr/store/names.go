package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoList is what errors of stores wrap that can read values but not tell which there are: web servers.
var ErrNoList = errors.New("the store cannot list what it holds")

// A NamesLister is a Store that can look into one folder without walking what is below it.
type NamesLister interface {
	// Names returns the names directly below a prefix, which is empty or ends in a slash, those of folders with a slash
	// at their end; at most so many, in no particular order. What is not there has none.
	Names(ctx context.Context, prefix string, most int) ([]string, error)
}

// Names returns the names directly below the node, sorted, those of folders with a slash at their end; at most so many.
// A store that cannot list is ErrNoList.
func (n *Node) Names(ctx context.Context, most int) ([]string, error) {
	names, err := namesOf(ctx, n.Store, n.Prefix, most)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", n, err)
	}
	slices.Sort(names)
	return names, nil
}

func namesOf(ctx context.Context, s Store, prefix string, most int) ([]string, error) {
	if l, ok := s.(NamesLister); ok {
		return l.Names(ctx, prefix, most)
	}
	seen := map[string]bool{}
	var names []string
	for e, err := range s.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		name, _, folder := strings.Cut(strings.TrimPrefix(e.Key, prefix), "/")
		if folder {
			name += "/"
		}
		if seen[name] {
			continue
		}
		if len(names) == most {
			break
		}
		seen[name] = true
		names = append(names, name)
	}
	return names, nil
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
