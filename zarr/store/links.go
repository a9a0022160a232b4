package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Astray says why a name directly below the node is a link that nobody can follow to an end: it leads to nothing, round in
// circles, or to a folder that it lies in, by its own path or by links that were followed to it. It is "" for all else, also
// for links out of the node. Only stores of files have links.
func (n *Node) Astray(name string) (why string) {
	if _, ok := n.Store.(*Local); !ok {
		return ""
	}
	link := filepath.Join(n.String(), name)
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return ""
	}
	_, err := os.Stat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "a link to what is not there"
	case errors.Is(err, syscall.ELOOP):
		return "a link that leads round in circles"
	case err != nil:
		return fmt.Sprintf("a link that cannot be followed (%v)", err)
	case leadsBack(link):
		return "a link to a folder that it lies in"
	}
	return ""
}

// leadsBack reports whether a link leads to a folder on the way to it, or around one.
func leadsBack(link string) bool {
	to, err := filepath.EvalSymlinks(link)
	if err != nil {
		return true
	}
	for way := filepath.Dir(link); ; way = filepath.Dir(way) {
		if holds(to, way) {
			return true
		}
		if way == filepath.Dir(way) {
			return false
		}
	}
}

// holds reports whether a folder, given without links, is another one, or around it.
func holds(folder, other string) bool {
	inner, err := filepath.EvalSymlinks(other)
	const separator = string(filepath.Separator)
	return err == nil && strings.HasPrefix(inner+separator, strings.TrimSuffix(folder, separator)+separator)
}
