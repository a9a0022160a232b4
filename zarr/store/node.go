package store

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A Node is where a zarr array or group lies, or could: a store and the prefix of the node's keys in it.
//
//	n, err := store.Open(ctx, "https://example.org/volume.zarr/raw", store.Options{})
//	metadata, err := n.Get(ctx, "zarr.json", 64<<20)
//	image, ok := n.Parent()     // volume.zarr
//	labels := n.Child("labels") // volume.zarr/raw/labels
//
// Nodes derived from one another share its store; closing any of them closes it for all.
type Node struct {
	// Store holds the node's keys.
	Store Store
	// Prefix starts each of the node's keys: empty, or it ends in a slash.
	Prefix string
}

// Get returns the value of a key of the node. A missing one is ErrNotExist, one longer than limit bytes ErrRange.
func (n *Node) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	return n.GetBuffer(ctx, key, nil, limit)
}

// GetBuffer is Get into buf's memory where the store can do that and its capacity suffices.
func (n *Node) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error) {
	if g, ok := n.Store.(BufferGetter); ok {
		return g.GetBuffer(ctx, n.Prefix+key, buf, limit)
	}
	value, err := n.Store.Get(ctx, n.Prefix+key)
	if err == nil && int64(len(value)) > limit {
		return nil, fmt.Errorf("reading %s: %d bytes where at most %d are due: %w", n.Name(key), len(value), limit, ErrRange)
	}
	return value, err
}

// Name returns what a person would call the object of a key of the node.
func (n *Node) Name(key string) string { return Name(n.Store, n.Prefix+key) }

// String returns what a person would call the node: a path or a URL, without a slash at its end.
func (n *Node) String() string { return strings.TrimSuffix(Name(n.Store, n.Prefix), "/") }

// Base returns the last name of the node's path.
func (n *Node) Base() string { return path.Base(strings.ReplaceAll(n.String(), `\`, "/")) }

// Child returns the node at a path of names joined by slashes, below this one. The path must be that of a key.
func (n *Node) Child(at string) (*Node, error) {
	at = strings.Trim(at, "/")
	if err := checkKey(at); err != nil {
		return nil, fmt.Errorf("%q is not a path below %s", at, n)
	}
	return &Node{n.Store, n.Prefix + at + "/"}, nil
}

// A parenter is a Store above whose root there is more: of a directory, the directory around it.
type parenter interface{ parent() (Store, bool) }

// Parent returns the node around this one, for reading; ok is false at the root of what can be reached: that of a file
// system, a bucket, a server or a zip file.
func (n *Node) Parent() (parent *Node, ok bool) {
	if n.Prefix != "" {
		above := path.Dir(strings.TrimSuffix(n.Prefix, "/"))
		if above == "." {
			return &Node{n.Store, ""}, true
		}
		return &Node{n.Store, above + "/"}, true
	}
	if p, ok := n.Store.(parenter); ok {
		if s, ok := p.parent(); ok {
			return &Node{s, ""}, true
		}
	}
	return nil, false
}

// IsObject reports whether there is a value, a file or an object, under the name of the node itself.
func (n *Node) IsObject(ctx context.Context) bool {
	parent, ok := n.Parent()
	if !ok {
		return false
	}
	sizer, ok := parent.Store.(Sizer)
	if !ok {
		return false
	}
	_, err := sizer.Size(ctx, parent.Prefix+n.Base())
	return err == nil
}

// Has reports whether the node has a value under a key; what cannot be told is no.
func (n *Node) Has(ctx context.Context, key string) bool {
	if sizer, ok := n.Store.(Sizer); ok {
		_, err := sizer.Size(ctx, n.Prefix+key)
		return err == nil
	}
	_, err := n.Get(ctx, key, 64<<20)
	return err == nil || errors.Is(err, ErrRange)
}

// Close releases the store.
func (n *Node) Close() error { return Close(n.Store) }

// Close releases what a store holds open. One that is not closed is released when it is collected.
func Close(s Store) error {
	if c, ok := s.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
