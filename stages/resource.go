package stages

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/zarr"
)

// ResourceKind says what a resource is.
type ResourceKind string

// The kinds of resources that tasks share.
const (
	KindArray    ResourceKind = "array"
	KindNodes    ResourceKind = "graph nodes"
	KindEdgeAttr ResourceKind = "edge attribute"
	KindLUT      ResourceKind = "lut"
)

// A Resource is something one task writes and others read; the DAG follows from them.
type Resource struct {
	Kind ResourceKind
	ID   string // absolute path
	Attr string // of an edge attribute
}

// String names the resource for people.
func (r Resource) String() string {
	if r.Attr != "" {
		return fmt.Sprintf("%s %s of %s", r.Kind, r.Attr, r.ID)
	}
	return fmt.Sprintf("%s %s", r.Kind, r.ID)
}

// A Use is one task's use of a resource.
type Use struct {
	Resource Resource
	Place    Place // of an array
	Field    string
	Write    bool
	// Keep says how long what is written stays; of a reader, how long it believes that. Arrays only.
	Keep Keep
	// All tells that a reader needs the whole resource and not only what lies in its read ROI.
	All bool
	// Dataset is the array as the task has it; nil where the resource is none, or is read by an operation of another one.
	Dataset *Dataset
}

// A Named holds the datasets, databases and look-up tables that a pipeline file defines by name, and what holds for all of
// its arrays.
type Named struct {
	Datasets map[string]Dataset
	DBs      map[string]DB
	LUTs     map[string]LUT
	// AttributeNames are those of arrays whose dataset gives no others; nil: the usual ones.
	AttributeNames *zarr.AttributeNames
}

// A Binder resolves a task's datasets, databases and LUTs: references to named ones are replaced, relative paths
// become absolute. It records every use.
type Binder struct {
	Base  string // folder that relative paths start from
	Named Named
	Uses  []Use
	DBs   []*DB
	Errs  []error
}

func (b *Binder) fail(field, format string, args ...any) {
	b.Errs = append(b.Errs, fieldErrorf(field, format, args...))
}

func (b *Binder) use(field string, r Resource, write, all bool) {
	b.Uses = append(b.Uses, Use{Resource: r, Field: field, Write: write, All: all})
}

// ReadArray declares an input array; a nil dataset declares nothing.
func (b *Binder) ReadArray(field string, d *Dataset, want DatasetType) {
	b.array(field, d, want, false)
}

// WriteArray declares an output array.
func (b *Binder) WriteArray(field string, d *Dataset, want DatasetType) {
	b.array(field, d, want, true)
}

func (b *Binder) array(field string, d *Dataset, want DatasetType, write bool) {
	if !b.resolve(field, d, want) {
		return
	}
	if write && d.Writable != nil && !*d.Writable {
		b.fail(field, "%s is marked writable: false, but this task writes it", d.Store)
		return
	}
	if write && d.leveled {
		b.fail(field, "%s is given as a level of an image; this task writes it: give the path of an array", d.Store)
		return
	}
	if ops := d.operations(); write && len(ops) > 0 {
		b.fail(field, "%s has %s, which is computed while an array is read, but this task writes it; read it by a dataset of another name", d.Store, ops[0].name())
		return
	}
	if why := unwritable(d.Store); write && why != "" {
		b.fail(field, "%s is %s, which is only read, but this task writes it", d.Store, why)
		return
	}
	b.Uses = append(b.Uses, Use{Resource: Resource{Kind: KindArray, ID: d.Store}, Place: d.place(), Field: field, Write: write, Keep: d.Keep, All: d.moves(), Dataset: d})
	d.Keep = "" // no part of what a task is
}

// resolve resolves a dataset and reports whether there is one and that worked.
func (b *Binder) resolve(field string, d *Dataset, want DatasetType) bool {
	if d == nil {
		return false
	}
	if err := b.settle(field, d, want, 0); err != nil {
		b.Errs = append(b.Errs, &FieldError{Field: field, Err: err})
		return false
	}
	return true
}

// settle puts a named dataset in the place of its name, and resolves its paths and what its operations read.
func (b *Binder) settle(field string, d *Dataset, want DatasetType, depth int) error {
	if d.Ref != "" {
		named, ok := b.Named.Datasets[d.Ref]
		if !ok {
			return fmt.Errorf("no dataset is named %q%s", d.Ref, suggest(d.Ref, b.Named.Datasets, "datasets"))
		}
		*d = named
	}
	if err := d.resolve(b.Base, want); err != nil {
		return err
	}
	if err := b.place(d); err != nil {
		return err
	}
	return b.bindOps(field, d, depth)
}

// bindDB resolves a database and reports whether that worked.
func (b *Binder) bindDB(field string, d *DB) bool {
	if d.Ref != "" {
		named, ok := b.Named.DBs[d.Ref]
		if !ok {
			b.fail(field, "no database is named %q%s", d.Ref, suggest(d.Ref, b.Named.DBs, "dbs"))
			return false
		}
		*d = named
	}
	if err := d.resolve(b.Base); err != nil {
		b.Errs = append(b.Errs, &FieldError{Field: field, Err: err})
		return false
	}
	if !slices.Contains(b.DBs, d) {
		b.DBs = append(b.DBs, d)
	}
	return true
}

// Nodes declares that the task reads or writes the nodes of a database.
func (b *Binder) Nodes(field string, d *DB, write bool) {
	if b.bindDB(field, d) {
		b.use(field, Resource{Kind: KindNodes, ID: d.Path}, write, false)
	}
}

// EdgeAttrs declares that the task reads or writes edge attributes of a database.
func (b *Binder) EdgeAttrs(field string, d *DB, attrs []string, write, all bool) {
	if !b.bindDB(field, d) {
		return
	}
	for _, attr := range attrs {
		b.use(field, Resource{Kind: KindEdgeAttr, ID: d.Path, Attr: attr}, write, all)
	}
}

// LUT declares that the task reads or writes a look-up table; readers wait for all of it. A nil one declares nothing.
func (b *Binder) LUT(field string, l *LUT, write bool) {
	if l == nil {
		return
	}
	if l.Ref != "" {
		named, ok := b.Named.LUTs[l.Ref]
		if !ok {
			b.fail(field, "no look-up table is named %q%s", l.Ref, suggest(l.Ref, b.Named.LUTs, "luts"))
			return
		}
		*l = named
	}
	if err := l.resolve(b.Base); err != nil {
		b.Errs = append(b.Errs, &FieldError{Field: field, Err: err})
		return
	}
	b.use(field, Resource{Kind: KindLUT, ID: l.Path}, write, true)
}

// suggest names what could have been meant.
func suggest[T any](name string, known map[string]T, section string) string {
	names := slices.Sorted(maps.Keys(known))
	if len(names) == 0 {
		return fmt.Sprintf(" (the file has no %s: section; a path is written {store: …} or {path: …})", section)
	}
	return fmt.Sprintf("; %s: defines %s", section, strings.Join(names, ", "))
}

// RealPath follows the symbolic links in an absolute path, as far as it exists: two names of one file are one resource.
func RealPath(path string) (string, error) {
	path = filepath.Clean(path)
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is a symbolic link to nothing", path)
	}
	dir, err := RealPath(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// absolute makes a local path absolute and real; base must be absolute itself.
func absolute(base, path string) (string, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok && scheme != "file" {
		return "", fmt.Errorf("%s: only arrays may lie behind a URL (%s://); a local path is needed here", path, scheme)
	}
	path = strings.TrimPrefix(path, "file://")
	if path == "" {
		return "", fmt.Errorf("the path is empty")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	return RealPath(path)
}
