package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// ErrNotFound says that there is no array where one was to be opened.
var ErrNotFound = errors.New("no array")

// Open opens the array at a local path: a directory with a zarr.json or .zarray, or an OME-Zarr image, of which it
// opens the first, the finest level. Where there is no array the error wraps ErrNotFound and says what is there.
func Open(ctx context.Context, path string, opts ...Option) (*Array, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return nil, fault.Permanent(fmt.Errorf("opening %s: %s:// is not supported; local paths are", path, scheme))
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	a, err := openDir(ctx, dir, opts)
	if !errors.Is(err, ErrNotFound) {
		if err == nil {
			a.level, a.noLevel = findLevel(dir)
		}
		return a, err
	}
	l, found := firstLevel(dir)
	switch {
	case found != nil:
		return nil, found
	case l == nil:
		return nil, fmt.Errorf("%w at %s: %s", ErrNotFound, path, describe(dir))
	}
	if a, err = openDir(ctx, filepath.Join(dir, filepath.FromSlash(l.path)), opts); err != nil {
		return nil, fmt.Errorf("level %q of the image %s: %w", l.path, path, err)
	}
	a.level = l
	return a, nil
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
	a := &Array{store: s, prefix: prefix, path: path, state: &state{}, buffers: &buffers{}}
	for _, o := range opts {
		o(&a.options)
	}
	return a
}

// openDir opens an array in a directory.
func openDir(ctx context.Context, dir string, opts []Option) (*Array, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	s, err := store.OpenLocal(dir, store.LocalOptions{Sync: o.durable})
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrNotFound, dir)
	}
	if err != nil {
		return nil, err
	}
	a, err := OpenStore(ctx, s, "", opts...)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return a, nil
}

// load reads the metadata of the array; v3's comes before v2's.
func (a *Array) load(ctx context.Context) (*Metadata, error) {
	v3, err := a.read(ctx, "zarr.json")
	if err != nil {
		return nil, err
	}
	v2, err := a.read(ctx, ".zarray")
	if err != nil {
		return nil, err
	}
	switch {
	case v3 != nil && isNode(v3, "group") && v2 == nil, v3 == nil && v2 == nil:
		return nil, fmt.Errorf("%w at %s", ErrNotFound, a.path)
	case v3 != nil:
		m, err := parseV3(a.chunkName("zarr.json"), v3)
		if err == nil && v2 != nil {
			m.Warnings = append(m.Warnings, fmt.Sprintf("%s has both zarr.json and .zarray; zarr.json is used", a.path))
		}
		return m, err
	}
	attrs, err := a.read(ctx, ".zattrs")
	if err != nil {
		return nil, err
	}
	return parseV2(a.chunkName(".zarray"), v2, a.chunkName(".zattrs"), attrs)
}

// read returns a metadata file, nil when there is none.
func (a *Array) read(ctx context.Context, key string) ([]byte, error) {
	const limit = 64 << 20
	data, err := a.get(ctx, key, nil, limit)
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

// isNode reports whether a zarr.json says that it describes a node of that type.
func isNode(data []byte, kind string) bool {
	var node struct {
		Type string `json:"node_type"`
	}
	return unmarshal(data, &node) == nil && node.Type == kind
}

// describe says what a path that holds no array holds instead.
func describe(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		parent := filepath.Dir(dir)
		for parent != filepath.Dir(parent) && !exists(parent) {
			parent = filepath.Dir(parent)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("nothing is there")
		}
		return fmt.Sprintf("%v%s", err, arraysIn(parent))
	}
	if !info.IsDir() {
		return describeFile(dir)
	}
	for _, known := range []struct{ file, what string }{
		{".zgroup", "a zarr v2 group is there"},
		{"zarr.json", "a zarr v3 group is there"},
		{"attributes.json", "it looks like an N5 dataset, which is not supported"},
		{"info", "it looks like a Neuroglancer precomputed volume, which is not supported"},
	} {
		if exists(filepath.Join(dir, known.file)) {
			return known.what + arraysIn(dir)
		}
	}
	return "a directory without zarr metadata is there" + arraysIn(dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func describeFile(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".zip":
		return "a zip file is there, which is not supported; unpack it"
	case ".h5", ".hdf", ".hdf5":
		return "an HDF5 file is there, which is not supported"
	case ".tif", ".tiff":
		return "a TIFF file is there, which is not supported"
	}
	return "a file is there"
}

// arraysIn lists the arrays directly in a directory, as the end of a sentence.
func arraysIn(dir string) string {
	const most = 10
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if isArrayDir(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
		if len(names) > most {
			names[most] = "…"
			break
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s has the arrays %s", dir, strings.Join(names, ", "))
}

// isArrayDir reports whether a directory has the metadata of an array.
func isArrayDir(dir string) bool {
	if exists(filepath.Join(dir, ".zarray")) {
		return true
	}
	data, err := os.ReadFile(filepath.Join(dir, "zarr.json"))
	return err == nil && json.Valid(quoteNonFinite(data)) && isNode(data, "array")
}
