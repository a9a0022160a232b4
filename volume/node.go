package volume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/pyjson"
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

// A Node is what is stored at a location. Exactly one of Array and group is there, but for a folder.
type Node struct {
	// Where is the node's place in its store.
	Where *store.Node
	Kind  Kind
	// Format is that of zarr: 2 or 3; 0 for a folder.
	Format int
	// Array is nil for all kinds but KindArray.
	Array *zarr.Array
	// NGFF is what the group's OME-NGFF metadata says, nil where there is none.
	NGFF *ngff.Group
	// Attributes are the user's.
	Attributes map[string]json.RawMessage
	// Warnings says what is odd but can be read.
	Warnings []string

	file map[string]json.RawMessage // .zarray, or zarr.json of either kind
}

// Close releases what the node holds open.
func (n *Node) Close() error { return n.Where.Close() }

// metadataLimit bounds a metadata file.
const metadataLimit = 64 << 20

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
	n := &Node{Where: where}
	v3, err := n.document(ctx, "zarr.json")
	if err != nil {
		return nil, err
	}
	v2, err := n.document(ctx, ".zarray")
	if err != nil {
		return nil, err
	}
	var kind string
	json.Unmarshal(v3["node_type"], &kind) //nolint:errcheck // what is no text is no array either
	switch {
	case v3 != nil && kind != "group":
		return n.array(ctx, v3)
	case v2 != nil:
		return n.array(ctx, v2)
	case v3 != nil:
		return n.group(ctx, 3, v3)
	}
	zgroup, err := n.document(ctx, ".zgroup")
	if err != nil {
		return nil, err
	}
	attrs, err := n.document(ctx, ".zattrs")
	switch {
	case err != nil:
		return nil, err
	case zgroup != nil || attrs != nil:
		return n.group(ctx, 2, zgroup)
	}
	return n.folder(ctx)
}

// document returns a metadata file, nil when there is none.
func (n *Node) document(ctx context.Context, name string) (map[string]json.RawMessage, error) {
	data, err := n.Where.Get(ctx, name, metadataLimit)
	if errors.Is(err, store.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc := map[string]json.RawMessage{}
	if err := pyjson.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Where.Name(name), err)
	}
	return doc, nil
}

// array opens the array at the node, in the node's store.
func (n *Node) array(ctx context.Context, doc map[string]json.RawMessage) (*Node, error) {
	a, err := zarr.OpenNode(ctx, n.Where)
	if err != nil {
		return nil, err
	}
	m := a.Metadata()
	n.Kind, n.Format, n.Array, n.file = KindArray, m.Format, a, doc
	n.Attributes, n.Warnings = m.Attributes, m.Warnings
	return n, nil
}

// group reads the attributes of the group at the node.
func (n *Node) group(ctx context.Context, format int, doc map[string]json.RawMessage) (*Node, error) {
	n.Kind, n.Format, n.file = KindGroup, format, doc
	var err error
	if format == 3 {
		n.Attributes = map[string]json.RawMessage{}
		if raw, ok := doc["attributes"]; ok {
			if err := json.Unmarshal(raw, &n.Attributes); err != nil {
				return nil, fmt.Errorf("%s: attributes: %w", n.Where.Name("zarr.json"), err)
			}
		}
	} else if n.Attributes, err = n.document(ctx, ".zattrs"); err != nil {
		return nil, err
	}
	if n.NGFF, err = ngff.Read(ctx, n.Where); err != nil {
		n.Warnings = append(n.Warnings, err.Error())
	}
	for _, k := range []struct {
		part string
		kind Kind
	}{{"multiscales", KindImage}, {"plate", KindPlate}, {"well", KindWell}, {"bioformats2raw.layout", KindContainer}} {
		if n.NGFF != nil && n.NGFF.Has(k.part) {
			n.Kind = k.kind
			break
		}
	}
	return n, nil
}

// folder takes a folder without metadata for a group when there are nodes in it.
func (n *Node) folder(ctx context.Context) (*Node, error) {
	const looked = 1000
	names, err := n.Where.Names(ctx, looked)
	if errors.Is(err, store.ErrNoList) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		child, err := n.Where.Child(name)
		if err != nil || !strings.HasSuffix(name, "/") {
			continue
		}
		for _, file := range []string{"zarr.json", ".zarray", ".zgroup"} {
			if child.Has(ctx, file) {
				n.Kind = KindFolder
				return n, nil
			}
		}
	}
	return nil, nil
}

// Children returns the names of what is directly below a group, sorted: folders, whether there is a node in them or not.
// In a store that cannot list, they are the paths that the metadata names.
func (n *Node) Children(ctx context.Context, most int) ([]string, error) {
	names, err := n.Where.Names(ctx, most)
	if errors.Is(err, store.ErrNoList) {
		return n.named(ctx), nil
	}
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, name := range names {
		if folder, ok := strings.CutSuffix(name, "/"); ok && !strings.HasPrefix(name, ".") {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}

// named returns the paths of nodes below a group that OME-NGFF metadata and consolidated metadata name.
func (n *Node) named(ctx context.Context) []string {
	names := map[string]bool{}
	if n.NGFF != nil {
		if image, err := n.NGFF.Image(); err == nil && image != nil {
			names["labels"] = true // if there are any
			for _, d := range image.Datasets {
				names[path.Clean(d.Path)] = true
			}
		}
		if plate, err := n.NGFF.Plate(); err == nil && plate != nil {
			for _, w := range plate.Wells {
				names[path.Clean(w.Path)] = true
			}
		}
		if images, err := n.NGFF.Images(ctx, n.Where); err == nil {
			for _, image := range images {
				names[path.Clean(image)] = true
			}
		}
	}
	var all struct {
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	if json.Unmarshal(n.file["consolidated_metadata"], &all) == nil {
		for key := range all.Metadata {
			name, _, _ := strings.Cut(path.Clean(key), "/")
			names[name] = true
		}
	}
	for _, none := range []string{"", ".", ".."} {
		delete(names, none)
	}
	return slices.Sorted(maps.Keys(names))
}

// Child returns what is below a node, nil when that is nothing.
func (n *Node) Child(ctx context.Context, name string) (*Node, error) {
	where, err := n.Where.Child(name)
	if err != nil {
		return nil, err
	}
	return At(ctx, where)
}
