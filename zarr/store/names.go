package store

import (
	"context"
	"errors"
	"fmt"
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
