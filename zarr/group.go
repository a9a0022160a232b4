package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// A Group is an open zarr group: a node with attributes that holds arrays and other groups. It may be used concurrently.
//
//	g, err := zarr.OpenGroup(ctx, "volume.zarr")
//	members, err := g.Members(ctx)
//	for _, m := range members {
//		fmt.Println(m.Name, m.Kind)
//	}
type Group struct {
	node         *store.Node
	format       int
	attributes   map[string]json.RawMessage
	consolidated []string // paths of nodes below, as the group's metadata lists them; nil where it lists none
	warnings     []string
}

// OpenGroup opens the group at a location, a path or a URL (see store.ParseLocation). A folder without metadata of its
// own is a group too. Where there is none the error wraps ErrNotFound and says what is there. Of the options only In
// has an effect.
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
	doc, err := readNode(ctx, n)
	if err != nil {
		return nil, err
	}
	switch {
	case doc.isArray():
		return nil, fault.Permanent(fmt.Errorf("no group at %s: an array is there", n))
	case doc.v3 != nil:
		return openGroupV3(n, doc)
	case doc.v2group != nil:
		return openGroupV2(ctx, n, doc)
	}
	names, err := n.Names(ctx, 1)
	if len(names) == 0 || err != nil {
		return nil, fmt.Errorf("%w or group at %s: %s", ErrNotFound, n, describe(ctx, n))
	}
	return &Group{node: n}, nil
}

// openGroupV3 reads a zarr.json that describes a group.
func openGroupV3(n *store.Node, doc nodeDoc) (*Group, error) {
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
	return g, nil
}

// openGroupV2 reads a .zgroup and what is beside it.
func openGroupV2(ctx context.Context, n *store.Node, doc nodeDoc) (*Group, error) {
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
	g := &Group{node: n, format: 2}
	if g.attributes, err = doc.attributesV2(n); err != nil {
		return nil, err
	}
	return g, g.consolidateV2(ctx)
}

// Path returns where the group is.
func (g *Group) Path() string { return g.node.String() }

// Format returns 2 or 3; 0 is a folder without metadata of its own.
func (g *Group) Format() int { return g.format }

// Attributes returns the user's attributes as JSON.
func (g *Group) Attributes() map[string]json.RawMessage { return maps.Clone(g.attributes) }

// Warnings says what is odd about the group but can be read.
func (g *Group) Warnings() []string { return slices.Clone(g.warnings) }

// Close releases the store; arrays and groups opened through the group may not be used any more.
func (g *Group) Close() error { return g.node.Close() }

// OpenArray opens the array at a path below the group.
func (g *Group) OpenArray(ctx context.Context, path string, opts ...Option) (*Array, error) {
	n, err := g.node.Child(path)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	return OpenStore(ctx, n.Store, n.Prefix, opts...)
}

// OpenGroup opens the group at a path below the group. The group's consolidated metadata holds for it too, unless it has
// its own.
func (g *Group) OpenGroup(ctx context.Context, path string) (*Group, error) {
	n, err := g.node.Child(path)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	child, err := OpenGroupNode(ctx, n)
	if err != nil {
		return nil, err
	}
	if child.consolidated == nil && g.consolidated != nil {
		child.consolidated = []string{}
		for _, node := range g.consolidated {
			if below, ok := strings.CutPrefix(node, strings.Trim(path, "/")+"/"); ok {
				child.consolidated = append(child.consolidated, below)
			}
		}
	}
	return child, nil
}

// names returns the names directly below the group: those that the store has or, where the store cannot tell, those that
// the consolidated metadata has.
func (g *Group) names(ctx context.Context) (names []string, stale bool, err error) {
	listed, err := g.node.Names(ctx, maxMembers+1)
	switch {
	case errors.Is(err, store.ErrNoList) && g.consolidated != nil:
		for _, path := range g.consolidated {
			name, _, _ := strings.Cut(path, "/")
			names = append(names, name)
		}
		slices.Sort(names)
		return slices.Compact(names), true, nil
	case err != nil:
		return nil, false, err
	case len(listed) > maxMembers:
		return nil, false, fault.Permanent(fmt.Errorf("%s holds more than %d names: too many for a group", g.Path(), maxMembers))
	}
	for _, name := range listed {
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			names = append(names, folder)
		}
	}
	return names, false, nil
}

// maxMembers bounds the names that are listed of a group.
const maxMembers = 100_000
