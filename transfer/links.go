package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	target, err := filepath.EvalSymlinks(link)
	why := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "a link to what is not there"
	case err != nil && !errors.Is(err, fs.ErrPermission): // which has no error of its own
		why = "a link that leads round in circles"
	case err != nil:
		why = "a link that leads where nobody may look"
	case holds(target, filepath.Dir(link)):
		why = "a link to a folder that it lies in"
	default:
		return false
	}
	c.warnings = append(c.warnings, fmt.Sprintf("%s is %s: it is left out", link, why))
	return true
}

// holds reports whether a folder without links in its path is another one, or around it.
func holds(folder, other string) bool {
	real, err := filepath.EvalSymlinks(other)
	folder = strings.TrimSuffix(folder, string(filepath.Separator)) + string(filepath.Separator)
	return err == nil && strings.HasPrefix(real+string(filepath.Separator), folder)
}

// Warnings says what of the source is left out.
func (c *Copy) Warnings() []string { return slices.Clone(c.warnings) }
