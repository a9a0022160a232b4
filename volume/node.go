package volume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// A Kind says what a node is.
type Kind string

// The kinds of nodes.
const (
	KindArray     Kind = "array"
	KindImage     Kind = "image"     // a group with an OME-NGFF multiscale image
	KindPlate     Kind = "plate"     // a group of wells
	KindWell      Kind = "well"      // a group of fields of view
	KindContainer Kind = "container" // a group of images, as bioformats2raw makes it
	KindGroup     Kind = "group"     // any other group
	KindFolder    Kind = "folder"    // a folder without zarr metadata, with nodes below it
)

// A Node is what is stored at a location, as a person sees it: an array or a group of package zarr.
type Node struct {
	// Where is the node's place in its store.
	Where *store.Node
	Kind  Kind
	// Format is that of zarr: 2 or 3; 0 for a folder.
	Format int
	// Array is nil for all kinds but KindArray, Group for that one.
	Array *zarr.Array
	Group *zarr.Group
	// NGFF is what the group's OME-NGFF metadata says, nil where there is none.
	NGFF *ngff.Group
	// Attributes are the user's.
	Attributes map[string]json.RawMessage
	// Warnings says what is odd but can be read.
	Warnings []string
}

// Close releases what the node holds open.
func (n *Node) Close() error { return n.Where.Close() }

// Find returns what is at a location: a path or a URL. Where there is nothing that can be read, the error is an
// *InputError that says what there is instead.
func Find(ctx context.Context, location string) (*Node, error) {
	where, err := store.Open(ctx, location, store.Options{})
	if err != nil {
		return nil, opening(err)
	}
	n, err := At(ctx, where)
	if err == nil && n == nil {
		_, err = zarr.Open(ctx, location) // which says what is there instead
		if err == nil {
			err = fmt.Errorf("no array or group at %s", location)
		}
	}
	if err != nil {
		return nil, errors.Join(opening(err), where.Close())
	}
	return n, nil
}

// At returns what is at a place in a store, nil when that is nothing. Closing it closes the store.
func At(ctx context.Context, where *store.Node) (*Node, error) {
	a, g, err := zarr.OpenAny(ctx, where)
	if err != nil {
		return nil, err
	}
	return nodeOf(a, g), nil
}

// nodeOf returns the node that is an array or a group; nil for neither.
func nodeOf(a *zarr.Array, g *zarr.Group) *Node {
	switch {
	case a != nil:
		m := a.Metadata()
		return &Node{Where: a.Node(), Kind: KindArray, Format: m.Format, Array: a, Attributes: m.Attributes, Warnings: m.Warnings}
	case g != nil:
		n := &Node{Where: g.Node(), Format: g.Format(), Group: g, Attributes: g.Attributes(), Warnings: g.Warnings()}
		n.NGFF, _ = g.Image() // what cannot be read is among the warnings
		n.Kind = groupKind(n)
		return n
	}
	return nil
}

// groupKind says what a group is.
func groupKind(n *Node) Kind {
	if n.Format == 0 {
		return KindFolder
	}
	for _, k := range []struct {
		part string
		kind Kind
	}{{"multiscales", KindImage}, {"plate", KindPlate}, {"well", KindWell}, {"bioformats2raw.layout", KindContainer}} {
		if n.NGFF != nil && n.NGFF.Has(k.part) {
			return k.kind
		}
	}
	return KindGroup
}

// Children returns the names directly below a group, sorted, whether there is a node or not (see zarr.Group.Names). Where
// they cannot be known the error is an *InputError.
func (n *Node) Children(ctx context.Context) ([]string, error) {
	names, err := n.Group.Names(ctx)
	if errors.Is(err, store.ErrNoList) {
		err = &InputError{err}
	}
	return names, err
}

// Child returns what is below a group, nil when that is nothing.
func (n *Node) Child(ctx context.Context, path string) (*Node, error) {
	a, g, err := n.Group.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return nodeOf(a, g), nil
}
