package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"volara/fault"
	"volara/zarr/store"
)

// A nodeDoc is the metadata files of a node; nil is one that is not there.
type nodeDoc struct{ v3, v2array, v2group, attrs []byte }

// readNode reads the metadata files of a node; of v2's those that zarr.json leaves something to say.
func readNode(ctx context.Context, n *store.Node) (doc nodeDoc, err error) {
	if doc.v3, err = readKey(ctx, n, "zarr.json"); err != nil {
		return doc, err
	}
	if doc.v2array, err = readKey(ctx, n, ".zarray"); err != nil {
		return doc, err
	}
	if doc.v2array == nil && (doc.v3 == nil || isNode(doc.v3, "group")) {
		if doc.v2group, err = readKey(ctx, n, ".zgroup"); err != nil {
			return doc, err
		}
	}
	if doc.v3 == nil && (doc.v2array != nil || doc.v2group != nil) {
		doc.attrs, err = readKey(ctx, n, ".zattrs")
	}
	return doc, err
}

// isArray reports whether the node is an array. What v3 says comes first.
func (d nodeDoc) isArray() bool {
	if d.v3 != nil {
		return !isNode(d.v3, "group")
	}
	return d.v2array != nil
}

// array returns the metadata of a node that is an array.
func (d nodeDoc) array(n *store.Node) (*Metadata, error) {
	if d.v3 == nil {
		return parseV2(n.Name(".zarray"), d.v2array, n.Name(".zattrs"), d.attrs)
	}
	m, err := parseV3(n.Name("zarr.json"), d.v3)
	if err == nil && d.v2array != nil {
		m.Warnings = append(m.Warnings, fmt.Sprintf("%s has both zarr.json and .zarray; zarr.json is used", n))
	}
	return m, err
}

// attributesV2 returns the attributes in a .zattrs.
func (d nodeDoc) attributesV2(n *store.Node) (map[string]json.RawMessage, error) {
	if d.attrs == nil {
		return nil, nil
	}
	f, err := parseFields(n.Name(".zattrs"), d.attrs)
	return f.raw, err
}

// readKey returns a metadata file, nil when there is none.
func readKey(ctx context.Context, n *store.Node, key string) ([]byte, error) {
	data, err := n.Get(ctx, key, metadataLimit)
	switch {
	case errors.Is(err, store.ErrNotExist):
		return nil, nil
	case errors.Is(err, store.ErrRange):
		return nil, fault.Permanent(err)
	case err == nil && data == nil:
		return []byte{}, nil
	}
	return data, err
}

// metadataLimit is the most bytes that are read of a metadata file.
const metadataLimit = 64 << 20

// isNode reports whether a zarr.json says that it describes a node of that type.
func isNode(data []byte, kind string) bool {
	var node struct {
		Type string `json:"node_type"`
	}
	return unmarshal(data, &node) == nil && node.Type == kind
}
