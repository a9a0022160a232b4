package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"volara/fault"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// A Group is an open zarr group: a node with attributes that holds arrays and other groups. It may be used concurrently.
//
//	g, err := zarr.OpenGroup(ctx, "volume.zarr")
//	members, _, err := g.Members(ctx, 100)
//	for _, m := range members {
//		fmt.Println(m.Name, m.Array != nil)
//	}
type Group struct {
	node       *store.Node
	format     int
	attributes map[string]json.RawMessage
	image      *ngff.Group
	imageErr   error // why image is nil though there is OME-NGFF metadata

	up    *Group // that it was opened through, nil for the first
	path  string // below up
	above *above

	mu           sync.Mutex
	consolidated []string // paths of nodes below, as the group's metadata lists them; nil where it lists none
	asked        bool     // for all paths that the group's metadata names
	own          []string // those paths
	warnings     []string
}

// OpenGroup opens the group at a location, a path or a URL (see store.ParseLocation). A folder without metadata of its
// own is a group too when there are nodes below it. Where there is none the error wraps ErrNotFound and says what is there.
// Of the options only In has an effect.
func OpenGroup(ctx context.Context, location string, opts ...Option) (*Group, error) {
	n, err := openNode(ctx, location, opts)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", location, err)
	}
	g, err := OpenGroupNode(ctx, n)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return g, nil
}

// OpenGroupNode opens the group at a node.
func OpenGroupNode(ctx context.Context, n *store.Node) (*Group, error) {
	a, g, err := OpenAny(ctx, n)
	return groupOnly(ctx, n, a, g, err)
}

// groupOnly refuses what is no group.
func groupOnly(ctx context.Context, n *store.Node, a *Array, g *Group, err error) (*Group, error) {
	switch {
	case err != nil:
		return nil, err
	case a != nil:
		return nil, fault.Permanent(fmt.Errorf("no group at %s: an array is there", n))
	case g == nil:
		return nil, fmt.Errorf("%w or group at %s: %s", ErrNotFound, n, describe(ctx, n))
	}
	return g, nil
}

// parseGroupV3 reads a zarr.json that describes a group.
func parseGroupV3(n *store.Node, doc nodeDoc) (*Group, error) {
	f, err := parseFields(n.Name("zarr.json"), doc.v3)
	if err != nil {
		return nil, err
	}
	g := &Group{node: n, format: 3}
	if format := f.integer("zarr_format"); format != 3 {
		f.fail("zarr_format", "%d is not supported in a zarr.json; supported is 3", format)
	}
	f.choice("node_type", "group")
	if f.has("attributes") {
		g.attributes = f.object("attributes").raw
	}
	f.only("zarr_format", "node_type", "attributes", "consolidated_metadata")
	if *f.err != nil {
		return nil, *f.err
	}
	if doc.v2group != nil || doc.v2array != nil {
		g.warnings = append(g.warnings, fmt.Sprintf("%s has metadata of zarr v2 and v3; zarr.json is used", n))
	}
	g.consolidateV3(f)
	g.image, g.imageErr = ngff.Parse(f.file, doc.v3)
	return g, nil
}

// parseGroupV2 reads a .zgroup and the .zattrs beside it; images often have the latter alone.
func parseGroupV2(n *store.Node, doc nodeDoc) (*Group, error) {
	if doc.v2group != nil {
		f, err := parseFields(n.Name(".zgroup"), doc.v2group)
		if err != nil {
			return nil, err
		}
		if format := f.integer("zarr_format"); format != 2 {
			f.fail("zarr_format", "%d is not supported in a .zgroup; supported is 2", format)
		}
		if *f.err != nil {
			return nil, *f.err
		}
	}
	g := &Group{node: n, format: 2}
	if doc.attrs == nil {
		return g, nil
	}
	f, err := parseFields(n.Name(".zattrs"), doc.attrs)
	if err != nil {
		return nil, err
	}
	g.attributes = f.raw
	g.image, g.imageErr = ngff.Parse(f.file, doc.attrs)
	return g, nil
}

// Path returns where the group is.
func (g *Group) Path() string { return g.node.String() }

// Node returns where the group lies in its store. It is closed with the group.
func (g *Group) Node() *store.Node { return &store.Node{Store: g.node.Store, Prefix: g.node.Prefix} }

// Format returns 2 or 3; 0 is a folder without metadata of its own.
func (g *Group) Format() int { return g.format }

// Attributes returns the user's attributes as JSON.
func (g *Group) Attributes() map[string]json.RawMessage { return maps.Clone(g.attributes) }

// Image returns the group's OME-NGFF metadata, nil when it has none. The error says why it cannot be read.
func (g *Group) Image() (*ngff.Group, error) { return g.image, g.imageErr }

// Warnings says what is odd about the group but can be read.
func (g *Group) Warnings() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	warnings := slices.Clone(g.warnings)
	if g.imageErr != nil {
		warnings = append(warnings, g.imageErr.Error())
	}
	return warnings
}

// Close releases the store; arrays and groups opened through the group may not be used any more.
func (g *Group) Close() error { return g.node.Close() }

// OpenArray opens the array at a path below the group, or a level of the image there, as Open does.
func (g *Group) OpenArray(ctx context.Context, path string, opts ...Option) (*Array, error) {
	n, err := g.node.Child(path)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	return OpenNode(ctx, n, opts...)
}

// OpenGroup opens the group at a path below the group. The group's consolidated metadata holds for it too, unless it has
// its own.
func (g *Group) OpenGroup(ctx context.Context, path string) (*Group, error) {
	n, err := g.node.Child(path)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	a, child, err := g.Open(ctx, path)
	return groupOnly(ctx, n, a, child, err)
}

// Open opens what is at a path below the group, an array or a group; both are nil where there is neither.
func (g *Group) Open(ctx context.Context, path string) (*Array, *Group, error) {
	n, err := g.node.Child(path)
	if err != nil {
		return nil, nil, fault.Permanent(err)
	}
	a, child, err := openAny(ctx, n, g.imageAt)
	if err != nil || a != nil {
		return a, nil, err
	}
	if child == nil {
		if !g.namesBelow(ctx, path) {
			return nil, nil, ctx.Err()
		}
		child = &Group{node: n} // metadata names nodes below it
	}
	child.up, child.path, child.above = g, cleanPath(path), g.above
	return nil, child, nil
}
