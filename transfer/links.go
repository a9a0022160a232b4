package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"volara/zarr/store"
)

// astray reports whether a name in a group is a link that cannot be followed: to nothing, round in circles, or to a folder
// that the link lies in, which would be copied into itself. Such a link is left out, and warned of.
func (c *Copy) astray(n *store.Node, name string) bool {
	if _, ok := n.Store.(*store.Local); !ok {
		return false
	}
	link := filepath.Join(n.String(), name)
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	_, err := os.Stat(link)
	why := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "a link to what is not there"
	case errors.Is(err, syscall.ELOOP):
		why = "a link that leads round in circles"
	case err != nil:
		why = fmt.Sprintf("a link that cannot be followed (%v)", err)
	case holds(link, filepath.Dir(link)):
		why = "a link to a folder that it lies in"
	default:
		return false
	}
	c.warnings = append(c.warnings, fmt.Sprintf("%s is %s: it is left out", link, why))
	return true
}

// holds reports whether a folder is another one, or around it, whatever links lead to them.
func holds(folder, other string) bool {
	outer, err := filepath.EvalSymlinks(folder)
	inner, err2 := filepath.EvalSymlinks(other)
	const separator = string(filepath.Separator)
	return err == nil && err2 == nil && strings.HasPrefix(inner+separator, strings.TrimSuffix(outer, separator)+separator)
}

// Warnings says what of the source is left out.
func (c *Copy) Warnings() []string { return slices.Clone(c.warnings) }
