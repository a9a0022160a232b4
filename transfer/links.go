package transfer

import (
	"fmt"
	"slices"

	"volara/zarr/store"
)

// astray reports whether a name in a group is a link that cannot be followed. Such a link is left out, and warned of.
func (c *Copy) astray(n *store.Node, name string) bool {
	why := n.Astray(name)
	if why != "" {
		c.warnings = append(c.warnings, fmt.Sprintf("%s is %s: it is left out", n.Name(name), why))
	}
	return why != ""
}

// Warnings says what of the source is left out, and what operations lose.
func (c *Copy) Warnings() []string { return slices.Clone(c.warnings) }
