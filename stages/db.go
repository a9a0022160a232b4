package stages

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/config"
	"volara/graph"
)

// DBType says which database holds a graph.
type DBType string

// Choices lists the values for the decoder.
func (DBType) Choices() []string { return []string{"sqlite", "postgresql"} }

// A DB is a graph database in a task's configuration. In a file it is a mapping, or the name of an entry of `dbs:`.
type DB struct {
	Ref string `json:"-"`

	Type      DBType              `json:"db_type,omitempty"`
	Path      string              `json:"path,omitempty"`
	NodeAttrs map[string]AttrType `json:"node_attrs,omitempty"`
	EdgeAttrs map[string]AttrType `json:"edge_attrs,omitempty"`
	Dims      *int                `json:"ndim,omitempty"`

	Host     string `json:"host,omitempty"`
	Port     *int   `json:"port,omitempty"`
	Database string `json:"name,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

// DecodeNode reads a mapping or a name.
func (d *DB) DecodeNode(n *config.Node) error {
	if n.Kind() == config.String {
		d.Ref = n.Text()
		return nil
	}
	type plain DB
	return n.Decode((*plain)(d))
}

// ID names the database as Volara's task names do: the file's stem.
func (d *DB) ID() string {
	base := filepath.Base(d.Path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func (d *DB) resolve(base string) error {
	if d.Type == "postgresql" {
		return fmt.Errorf("db_type postgresql is not built yet; sqlite is")
	}
	if d.Host != "" || d.Port != nil || d.Database != "" || d.User != "" || d.Password != "" {
		return fmt.Errorf("host, port, name, user and password belong to db_type postgresql; sqlite has a path")
	}
	d.Type = "sqlite"
	path, err := absolute(base, d.Path)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	d.Path = path
	if n := d.dims(); n < 1 || n > 5 {
		return fmt.Errorf("ndim is %d; 1 to 5 are possible", n)
	}
	return nil
}

func (d *DB) dims() int {
	if d.Dims == nil {
		return 3
	}
	return *d.Dims
}

// checkFile refuses a path where something is that no database could have been made of.
func (d *DB) checkFile() error {
	f, err := os.Open(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &FieldError{"db", err}
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if n, err := io.ReadFull(f, head); n == 0 && errors.Is(err, io.EOF) || string(head) == magic {
		return nil
	}
	return fieldErrorf("db", "%s is no SQLite database; choose another path, or remove the file", d.Path)
}

// Schema returns the tables that the configuration asks for, Volara's own attributes included.
func (d *DB) Schema() (graph.Schema, error) {
	if err := d.checkFile(); err != nil {
		return graph.Schema{}, err
	}
	nodes, err := attrsOf(d.NodeAttrs)
	if err != nil {
		return graph.Schema{}, fieldErrorf("db", "node_attrs: %w", err)
	}
	edges, err := attrsOf(d.EdgeAttrs)
	if err != nil {
		return graph.Schema{}, fieldErrorf("db", "edge_attrs: %w", err)
	}
	schema, err := graph.NewSchema(d.dims(), nodes, edges)
	if err != nil {
		return schema, &FieldError{"db", err}
	}
	return schema, nil
}

func attrsOf(types map[string]AttrType) ([]graph.Attr, error) {
	var attrs []graph.Attr
	for _, name := range slices.Sorted(maps.Keys(types)) {
		t, err := types[name].graphType()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		attrs = append(attrs, graph.Attr{Name: name, Type: t})
	}
	return attrs, nil
}

// declares reports whether the configuration declares an edge attribute, and if not, which ones there are.
func (d *DB) declares(attr string) error {
	if _, ok := d.EdgeAttrs[attr]; ok {
		return nil
	}
	names := slices.Sorted(maps.Keys(d.EdgeAttrs))
	if len(names) == 0 {
		return fmt.Errorf("edge attribute %q is not declared; %s declares none: add edge_attrs: {%s: float} to it", attr, d.Path, attr)
	}
	return fmt.Errorf("edge attribute %q is not declared in edge_attrs of %s, which has %s", attr, d.Path, strings.Join(names, ", "))
}

// declaresNumber reports whether an edge attribute is declared with one of the given types.
func (d *DB) declaresNumber(attr string, allowed ...graph.Type) error {
	if err := d.declares(attr); err != nil {
		return err
	}
	t, err := d.EdgeAttrs[attr].graphType()
	if err != nil || slices.Contains(allowed, t) {
		return err
	}
	return fmt.Errorf("edge attribute %q of %s is declared as %v; %v is needed", attr, d.Path, t, allowed[0])
}

// An AttrType is the type of a node or edge attribute: a name (int, float, bool, str) or the length of a vector of floats.
type AttrType struct {
	Name   string
	Length int // of a vector; 0: a scalar
}

// DecodeNode reads a name or a whole number.
func (a *AttrType) DecodeNode(n *config.Node) error {
	if n.Kind() == config.String {
		a.Name = n.Text()
		if _, err := a.graphType(); err != nil {
			return n.Errorf("%v", err)
		}
		return nil
	}
	if err := n.Decode(&a.Length); err != nil {
		return err
	}
	if a.Length < 1 {
		return n.Errorf("a vector of %d floats; at least 1 is needed", a.Length)
	}
	return nil
}

// MarshalJSON writes what DecodeNode reads.
func (a AttrType) MarshalJSON() ([]byte, error) {
	if a.Length > 0 {
		return fmt.Appendf(nil, "%d", a.Length), nil
	}
	return fmt.Appendf(nil, "%q", a.Name), nil
}

func (a AttrType) graphType() (graph.Type, error) {
	if a.Length > 0 {
		return graph.Vec(a.Length), nil
	}
	t, err := graph.ParseType(a.Name)
	if err != nil || t.Size > 0 {
		return t, fmt.Errorf("unknown attribute type %q; int, float, bool, str or the length of a vector of floats", a.Name)
	}
	return t, nil
}
