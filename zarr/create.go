package zarr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"volara/fault"
	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/store"
)

// A Spec says what array to create.
type Spec struct {
	// Format is 2 or 3; 0 means 3.
	Format int
	// Shape and Chunks are the shapes of the array and of its chunks.
	Shape, Chunks []int
	// Shards is the shape of the files, whole multiples of Chunks; nil stores each chunk in a file of its own. Only v3.
	Shards []int
	// DType is the type of the voxels; they are stored little-endian.
	DType nd.DType
	// Fill is the value of voxels that are not written.
	Fill Fill
	// Codec is "zstd" (also ""), "blosc" (lz4 behind a byte shuffle), "gzip" or "raw".
	Codec string
	// Attributes are the user's attributes: anything that package json can encode.
	Attributes map[string]any
	// DimensionNames names the axes; nil leaves them without. Only v3.
	DimensionNames []string
}

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
		{"fill value", m.Fill.Text(m.DType), want.Fill.Text(want.DType)},
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
		if !sameJSON(m.Attributes[name], want.Attributes[name]) {
			return fmt.Sprintf("attribute %q: %s, not %s", name, excerpt(m.Attributes[name]), excerpt(want.Attributes[name]))
		}
	}
	return ""
}

// sameJSON compares two values regardless of spaces, the order of fields, and how numbers are written.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(a, b)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

// specs lists everything that decides how chunks are stored.
func (l *layout) specs() []any {
	specs := []any{l.order, l.swap}
	if l.shard != nil {
		specs = append(specs, l.shard.atStart, l.shard.bigEndian, len(l.shard.indexCodecs), l.shard.inner.specs())
	}
	for _, c := range l.codecs {
		s := c.Spec()
		specs = append(specs, s.V3Name, s.V3Config)
	}
	return specs
}

// newCodec returns the codec of a Spec, nil for raw.
func newCodec(name string, t nd.DType) (codec.Codec, error) {
	switch name {
	case "", "zstd":
		return &codec.Zstd{Level: defaultZstdLevel}, nil
	case "blosc":
		return codec.NewBlosc(codec.BloscConfig{Compressor: "lz4", Level: 5, Shuffle: codec.ByteShuffle, TypeSize: t.Size()})
	case "gzip":
		return &codec.Gzip{Level: 5}, nil
	case "raw":
		return nil, nil
	}
	return nil, fmt.Errorf("codec %q is not supported; supported are %s", name, strings.Join(specCodecs, ", "))
}

var specCodecs = []string{"zstd", "blosc", "gzip", "raw"}

// defaultZstdLevel is the reference default, as zarr-python has it; the fastest level is hardly faster and reads slower.
const defaultZstdLevel = 0
