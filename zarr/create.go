package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"volara/fault"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// ErrExists says that something else is where an array was to be created.
var ErrExists = errors.New("something else is there")

// abandoned is how long a temporary file must be untouched to be nobody's.
const abandoned = time.Hour

// Create creates an array at a location, a path or a URL (see store.ParseLocation), with the directories it needs. Where
// there is one already that is the same in everything the Spec says, it is opened, and temporary files that a crash left
// in it long ago are removed; so a Create that is repeated does no harm. Anything else there is ErrExists.
func Create(ctx context.Context, location string, spec Spec, opts ...Option) (*Array, error) {
	a, err := createAt(ctx, location, spec, opts)
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", location, err)
	}
	return a, nil
}

func createAt(ctx context.Context, location string, spec Spec, opts []Option) (*Array, error) {
	files, err := spec.encode()
	if err != nil {
		return nil, fault.Permanent(err)
	}
	n, err := openNode(ctx, location, opts)
	if err != nil {
		return nil, err
	}
	if a, err := existing(ctx, n, files, opts); a != nil {
		return a, nil
	} else if err := errors.Join(err, n.Close()); err != nil {
		return nil, err
	}
	if n, err = openNode(ctx, location, append(slices.Clone(opts), creating())); err != nil {
		return nil, err
	}
	a, err := createIn(ctx, n.Store, n.Prefix, files, opts)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return a, nil
}

// creating makes openNode create directories.
func creating() Option { return func(o *options) { o.store.Create = true } }

// CreateStore creates an array in a store, under keys that start with prefix, which is empty or ends in a slash. It
// replaces the metadata of what is there.
func CreateStore(ctx context.Context, s store.Store, prefix string, spec Spec, opts ...Option) (*Array, error) {
	files, err := spec.encode()
	if err != nil {
		err = fault.Permanent(err)
	}
	var a *Array
	if err == nil {
		a, err = createIn(ctx, s, prefix, files, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", newArray(s, prefix, nil).path, err)
	}
	return a, nil
}

func createIn(ctx context.Context, s store.Store, prefix string, files []file, opts []Option) (*Array, error) {
	for _, f := range files {
		if err := s.Put(ctx, prefix+f.name, f.data); err != nil {
			return nil, err
		}
	}
	return OpenStore(ctx, s, prefix, opts...)
}

// existing opens what is at the node if it is what the files describe. It returns nil when nothing is there.
func existing(ctx context.Context, n *store.Node, files []file, opts []Option) (*Array, error) {
	a, err := OpenStore(ctx, n.Store, n.Prefix, opts...)
	if errors.Is(err, ErrNotFound) {
		vacant, err := isVacant(ctx, n)
		if !vacant && err == nil {
			err = fault.Permanent(fmt.Errorf("%w: %s", ErrExists, describe(ctx, n)))
		}
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrExists, err)
	}
	want, err := parseFiles(n.String(), files)
	if err != nil {
		return nil, err
	}
	if diff := a.metadata().differs(want); diff != "" {
		return nil, fault.Permanent(fmt.Errorf("%w: an array with another %s", ErrExists, diff))
	}
	if l, ok := a.store.(*store.Local); ok {
		if _, err := l.Clean(ctx, abandoned); err != nil {
			return nil, fmt.Errorf("cleaning: %w", err)
		}
	}
	return a, nil
}

// isVacant reports whether nothing is at a node but what a Create that crashed leaves.
func isVacant(ctx context.Context, n *store.Node) (bool, error) {
	names, err := n.Names(ctx, 2)
	if err != nil && !errors.Is(err, store.ErrNoList) {
		return false, err
	}
	return !slices.ContainsFunc(names, func(name string) bool { return name != ".zattrs" }) && !n.IsObject(ctx), nil
}

// differs says in what an array is not the one wanted, "" when it is. Attributes beyond those wanted do not count.
func (m *Metadata) differs(want *Metadata) string {
	codecs := func(m *Metadata) string {
		text, _ := json.Marshal(m.layout.specs())
		return string(text)
	}
	for _, c := range []struct {
		what      string
		have, new any
	}{
		{"format", m.Format, want.Format},
		{"shape", m.Shape, want.Shape},
		{"data type", m.DType, want.DType},
		{"chunk shape", m.Chunks, want.Chunks},
		{"inner chunk shape", m.Inner, want.Inner},
		{"fill value", m.fillText(), want.fillText()},
		{"codec", codecs(m), codecs(want)},
		{"chunk key encoding", m.keys, want.keys},
	} {
		if have, new := fmt.Sprint(c.have), fmt.Sprint(c.new); have != new {
			return fmt.Sprintf("%s: %s, not %s", c.what, have, new)
		}
	}
	if want.DimensionNames != nil && !slices.Equal(m.DimensionNames, want.DimensionNames) {
		return fmt.Sprintf("dimension names: %q, not %q", m.DimensionNames, want.DimensionNames)
	}
	for _, name := range sortedKeys(want.Attributes) {
		if !pyjson.Same(m.Attributes[name], want.Attributes[name]) {
			return fmt.Sprintf("attribute %q: %s, not %s", name, pyjson.Excerpt(m.Attributes[name]), pyjson.Excerpt(want.Attributes[name]))
		}
	}
	return ""
}

// fillText returns the fill value as people write it.
func (m *Metadata) fillText() string {
	if m.NoFill {
		return "none"
	}
	return m.Fill.Text(m.DType)
}
