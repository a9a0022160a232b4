package view

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/zarr"
	"volara/zarr/store"
)

// What a group is searched for.
const (
	deepestGroup = 4
	mostArrays   = 64
	mostFolders  = 1000
)

// A search goes through the folders below a location.
type search struct {
	*finding
	request Request
	root    *store.Node
	folders int
	before  int // datasets that were found elsewhere
}

// search adds the arrays and images in a group, or in a folder that holds some.
func (f *finding) search(ctx context.Context, r Request) {
	n, err := store.Open(ctx, r.Path, store.Options{})
	if err == nil {
		defer n.Close()
		s := &search{finding: f, request: r, root: n, before: len(f.found)}
		err = s.walk(ctx, n, "", 1)
	}
	if err != nil {
		f.problems = append(f.problems, err)
	}
}

// walk searches a folder, whose path below the root ends in a slash. Its error ends the search; what is wrong with a child
// is noted.
func (s *search) walk(ctx context.Context, n *store.Node, below string, depth int) error {
	if s.folders++; s.folders > mostFolders {
		return fmt.Errorf("%s is a large tree of folders; name the arrays that are meant", s.request.Path)
	}
	names, err := n.Names(ctx, 1000)
	if err != nil {
		return nil //nolint:nilerr // a store that cannot be listed: the path is to be named
	}
	slices.Sort(names)
	for _, name := range names {
		child, dir := strings.CutSuffix(name, "/")
		if !dir || strings.HasPrefix(child, ".") || leadsOut(s.root, n, child) {
			continue
		}
		if err := s.visit(ctx, n, below, child, depth); err != nil {
			return err
		}
	}
	return nil
}

// visit adds what a child of a folder is, or searches it.
func (s *search) visit(ctx context.Context, n *store.Node, below, child string, depth int) error {
	err := s.add(ctx, s.request.below(below+child))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(s.found)-s.before > mostArrays:
		return fmt.Errorf("%s holds more than %d arrays; name those that are meant", s.request.Path, mostArrays)
	case err == nil:
		return nil
	case !errors.Is(err, zarr.ErrNotFound):
		s.problems = append(s.problems, err)
		return nil
	case depth == deepestGroup:
		return nil
	}
	next, err := n.Child(child)
	if err != nil {
		s.problems = append(s.problems, err)
		return nil
	}
	return s.walk(ctx, next, below+child+"/", depth+1)
}

// leadsOut reports whether a folder of n is a link out of the root's folder, or to one that holds the link: neither is
// searched. The root itself may be a link.
func leadsOut(root, n *store.Node, child string) bool {
	if _, ok := n.Store.(*store.Local); !ok {
		return false
	}
	path := filepath.Join(n.String(), child)
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		return err != nil
	}
	top, err := filepath.EvalSymlinks(root.String())
	if err != nil {
		return true
	}
	parent, err := filepath.EvalSymlinks(n.String())
	if err != nil {
		return true
	}
	to, err := filepath.EvalSymlinks(path)
	return err != nil || !within(top, to) || within(to, parent)
}

// within reports whether a path is a folder's or one below it.
func within(folder, path string) bool {
	rest, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rest)
}
