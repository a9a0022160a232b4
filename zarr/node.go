package zarr

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"volara/fault"
	"volara/zarr/store"
)

// A nodeDoc is the metadata files of a node; nil is one that is not there.
type nodeDoc struct{ v3, v2array, v2group, attrs []byte }

// readNode reads the metadata files of a node: zarr.json, and then at once those of v2 that it leaves something to say.
func readNode(ctx context.Context, n *store.Node) (doc nodeDoc, err error) {
	if doc.v3, err = readKey(ctx, n, "zarr.json"); err != nil {
		return doc, err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	read := func(to *[]byte, key string) {
		tasks.Go(func() (err error) {
			*to, err = readKey(ctx, n, key)
			return err
		})
	}
	read(&doc.v2array, ".zarray")
	if doc.v3 == nil || isNode(doc.v3, "group") {
		read(&doc.v2group, ".zgroup")
	}
	if doc.v3 == nil {
		read(&doc.attrs, ".zattrs")
	}
	return doc, tasks.Wait()
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
