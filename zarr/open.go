package zarr

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"volara/fault"
	"volara/zarr/ngff"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// ErrNotFound says that there is no array where one was to be opened.
var ErrNotFound = errors.New("no array")

// Open opens the array at a location, a path or a URL (see store.ParseLocation): a node with a zarr.json or .zarray, or
// an OME-Zarr image, of which it opens the first, the finest level unless Level or NearestVoxelSize says otherwise. Where
// there is no array the error wraps ErrNotFound and says what is there.
func Open(ctx context.Context, location string, opts ...Option) (*Array, error) {
	n, err := openNode(ctx, location, opts)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", location, err)
	}
	a, err := openImage(ctx, n, location, opts)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return a, nil
}

// openImage opens the array at a node, or a level of the image there.
func openImage(ctx context.Context, n *store.Node, location string, opts []Option) (*Array, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	a, err := OpenStore(ctx, n.Store, n.Prefix, opts...)
	switch {
	case err == nil && o.choice != nil:
		return nil, fault.Permanent(fmt.Errorf("opening %s: %w", a.path, errNoImage))
	case err == nil:
		a.image, a.level, a.noLevel = findLevel(ctx, n, ngff.Read)
		return a, ctx.Err()
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	a, err = openLevel(ctx, n, o.choice, opts)
	if a == nil && err == nil {
		err = fmt.Errorf("%w at %s: %s", ErrNotFound, location, describe(ctx, n))
	}
	return a, err
}

// OpenNode opens the array at a node, or a level of the image there, as Open does at a location. Closing the array closes
// the node's store.
func OpenNode(ctx context.Context, n *store.Node, opts ...Option) (*Array, error) {
	return openImage(ctx, n, n.String(), opts)
}

// openNode opens the store of a location.
func openNode(ctx context.Context, location string, opts []Option) (*store.Node, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return store.Open(ctx, location, o.store)
}

// OpenStore opens the array whose keys start with prefix, which is empty or ends in a slash.
func OpenStore(ctx context.Context, s store.Store, prefix string, opts ...Option) (*Array, error) {
	a := newArray(s, prefix, opts)
	m, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	a.state.meta = m
	return a, nil
}

func newArray(s store.Store, prefix string, opts []Option) *Array {
	path := strings.TrimSuffix(store.Name(s, prefix), "/")
	a := &Array{store: s, prefix: prefix, path: path, identity: path, state: &state{}, buffers: &buffers{}}
	if o, ok := s.(interface{ Origin() string }); ok {
		a.identity += " at " + o.Origin()
	}
	for _, o := range opts {
		o(&a.options)
	}
	return a
}

// load reads the metadata of the array; v3's comes before v2's.
func (a *Array) load(ctx context.Context) (*Metadata, error) {
	n := a.Node()
	doc, err := readNode(ctx, n)
	if err != nil {
		return nil, err
	}
	if !doc.isArray() {
		return nil, fmt.Errorf("%w at %s", ErrNotFound, a.path)
	}
	return doc.array(n)
}

// describe says what a node that holds no array holds instead.
func describe(ctx context.Context, n *store.Node) string {
	for _, known := range []struct{ key, what string }{
		{".zgroup", "a zarr v2 group is there"},
		{"zarr.json", "a zarr v3 group is there"},
		{"attributes.json", "it looks like an N5 dataset, which is not supported"},
		{"info", "it looks like a Neuroglancer precomputed volume, which is not supported"},
	} {
		if n.Has(ctx, known.key) {
			return known.what + arraysIn(ctx, n)
		}
	}
	switch names, err := n.Names(ctx, 1); {
	case errors.Is(err, store.ErrNoList):
		return "no zarr metadata is there"
	case err != nil:
		return err.Error()
	case len(names) > 0:
		return "a directory without zarr metadata is there" + arraysIn(ctx, n)
	case n.IsObject(ctx):
		return describeFile(n.Base())
	}
	return "nothing is there" + arraysNear(ctx, n)
}

// describeFile says what a file is that is not a store, by its name.
func describeFile(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".h5", ".hdf", ".hdf5":
		return "an HDF5 file is there, which is not supported"
	case ".tif", ".tiff":
		return "a TIFF file is there, which is not supported"
	}
	return "a file is there"
}

// arraysNear lists the arrays in the nearest folder above a node that holds anything, as the end of a sentence.
func arraysNear(ctx context.Context, n *store.Node) string {
	for {
		up, ok := n.Parent()
		if !ok {
			return ""
		}
		if names, err := up.Names(ctx, 1); err != nil || len(names) > 0 {
			return arraysIn(ctx, up)
		}
		n = up
	}
}

// arraysIn lists the arrays directly in a node, as the end of a sentence.
func arraysIn(ctx context.Context, n *store.Node) string {
	const most, looked = 10, 1000
	children, _ := n.Names(ctx, looked)
	var names []string
	for _, name := range children {
		child, err := n.Child(name)
		if err != nil || !strings.HasSuffix(name, "/") {
			continue
		}
		if is, err := isArray(ctx, child); err == nil && is {
			names = append(names, strings.TrimSuffix(name, "/"))
		}
		if len(names) > most {
			names[most] = "…"
			break
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s has the arrays %s", n, strings.Join(names, ", "))
}

// isArray reports whether a node has the metadata of an array.
func isArray(ctx context.Context, n *store.Node) (bool, error) {
	doc, err := readNode(ctx, n)
	v3 := doc.v3 != nil && pyjson.Valid(doc.v3) && isNode(doc.v3, "array")
	return v3 || doc.v2array != nil, err
}
