package graph

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"volara/geometry"
)

// A Schema says what a store's nodes and edges carry besides their ids and the nodes' positions.
type Schema struct {
	Dims      int          // of positions, 1 to geometry.MaxDims
	NodeAttrs []Attr       // without the position
	EdgeAttrs []Attr       //
	Total     geometry.Roi // the region the graph describes, world units; the zero Roi: unknown
}

// NewSchema returns the schema Volara gives a graph: the attributes it always declares (size and filtered for nodes,
// distance for edges), then the given ones. A given attribute of one of those names changes its type.
func NewSchema(dims int, nodeAttrs, edgeAttrs []Attr) (Schema, error) {
	s := Schema{
		Dims:      dims,
		NodeAttrs: override(defaultNodeAttrs(), nodeAttrs),
		EdgeAttrs: override(defaultEdgeAttrs(), edgeAttrs),
	}
	return s, s.Validate()
}

func defaultNodeAttrs() []Attr { return []Attr{{"size", Int}, {"filtered", Bool}} }

func defaultEdgeAttrs() []Attr { return []Attr{{"distance", Float}} }

func override(attrs, given []Attr) []Attr {
	for _, a := range given {
		if i := indexOf(attrs, a.Name); i >= 0 {
			attrs[i] = a
		} else {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

func indexOf(attrs []Attr, name string) int {
	return slices.IndexFunc(attrs, func(a Attr) bool { return a.Name == name })
}

// NodeAttr returns the node attribute of that name.
func (s Schema) NodeAttr(name string) (Attr, bool) { return find(s.NodeAttrs, name) }

// EdgeAttr returns the edge attribute of that name.
func (s Schema) EdgeAttr(name string) (Attr, bool) { return find(s.EdgeAttrs, name) }

func find(attrs []Attr, name string) (Attr, bool) {
	if i := indexOf(attrs, name); i >= 0 {
		return attrs[i], true
	}
	return Attr{}, false
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate reports the first thing that no database could hold: a number of dimensions out of range, a name that is no
// identifier, two attributes whose columns would have one name (case does not count).
func (s Schema) Validate() error {
	if s.Dims < 1 || s.Dims > geometry.MaxDims {
		return fmt.Errorf("a graph has 1 to %d dimensions, not %d", geometry.MaxDims, s.Dims)
	}
	if n := s.Total.Dims(); n != 0 && n != s.Dims {
		return fmt.Errorf("the graph's region %v has %d dimensions, its positions %d", s.Total, n, s.Dims)
	}
	nodes := append([]Attr{{"id", Int}, PositionAttr("position", s.Dims)}, s.NodeAttrs...)
	if err := validate("node", nodes); err != nil {
		return err
	}
	return validate("edge", append([]Attr{{"u", Int}, {"v", Int}}, s.EdgeAttrs...))
}

func validate(what string, attrs []Attr) error {
	owner := map[string]string{}
	for _, a := range attrs {
		if !identifier.MatchString(a.Name) {
			return fmt.Errorf("%s attribute %q: a name is made of letters, digits and _, and starts with no digit", what, a.Name)
		}
		for _, c := range a.Columns() {
			key := strings.ToLower(c)
			if other, taken := owner[key]; taken {
				return fmt.Errorf("%s attribute %q: its column %s is already that of %q", what, a.Name, c, other)
			}
			owner[key] = a.Name
		}
	}
	return nil
}
