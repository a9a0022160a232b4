package graph

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSchema is what Merge, and with it the opening of a database, fails with when the database holds something else
// than is wanted.
var ErrSchema = errors.New("the graph database has another schema")

// Merge returns the schema of a database that holds s and from now on shall hold wanted as well. Attributes that s
// lacks are added when mayAdd is set; else they are an error, except for those that Volara declares for every
// graph whether or not they are used. Different dimensions or types are an ErrSchema that names them all. The zero
// Schema wants nothing. The region of s is kept where it is known.
func (s Schema) Merge(wanted Schema, mayAdd bool) (Schema, error) {
	if wanted.Dims == 0 {
		return s, nil
	}
	var differ []string
	if s.Dims != wanted.Dims {
		differ = append(differ, fmt.Sprintf("positions have %d dimensions, not %d", s.Dims, wanted.Dims))
	}
	merged := Schema{Dims: s.Dims, Total: s.Total}
	if merged.Total.Empty() {
		merged.Total = wanted.Total
	}
	var more []string
	merged.NodeAttrs, more = mergeAttrs("node", s.NodeAttrs, wanted.NodeAttrs, defaultNodeAttrs(), mayAdd)
	differ = append(differ, more...)
	merged.EdgeAttrs, more = mergeAttrs("edge", s.EdgeAttrs, wanted.EdgeAttrs, defaultEdgeAttrs(), mayAdd)
	differ = append(differ, more...)
	if len(differ) > 0 {
		return Schema{}, fmt.Errorf("%w: %s", ErrSchema, strings.Join(differ, "; "))
	}
	return merged, merged.Validate()
}

func mergeAttrs(what string, have, wanted, implied []Attr, mayAdd bool) (merged []Attr, differ []string) {
	merged = append(merged, have...)
	for _, w := range wanted {
		h, found := find(have, w.Name)
		_, dispensable := find(implied, w.Name)
		switch {
		case found && h.Type != w.Type:
			differ = append(differ, fmt.Sprintf("%s attribute %s is %v, not %v", what, w.Name, h.Type, w.Type))
		case found:
		case mayAdd:
			merged = append(merged, w)
		case !dispensable:
			differ = append(differ, fmt.Sprintf("there is no %s attribute %s (%v)", what, w.Name, w.Type))
		}
	}
	return merged, differ
}

// SelectColumns resolves attribute names to their columns, one Attr a column: its name and scalar type.
func SelectColumns(attrs []Attr, names []string) ([]Attr, error) {
	var columns []Attr
	for _, name := range names {
		a, ok := find(attrs, name)
		if !ok {
			return nil, fmt.Errorf("the graph has no attribute %q, only %s", name, listNames(attrs))
		}
		for _, column := range a.Columns() {
			columns = append(columns, Attr{column, Type{Kind: a.Type.Kind}})
		}
	}
	return columns, nil
}

func listNames(attrs []Attr) string {
	if len(attrs) == 0 {
		return "none at all"
	}
	names := make([]string, len(attrs))
	for i, a := range attrs {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}
