package funlib

import (
	"bytes"
	"encoding/json"
	"fmt"

	"volara/geometry"
	"volara/graph"
)

// Metadata is the description that funlib keeps with a graph: a JSON file beside an SQLite database, a table in
// PostgreSQL.
type Metadata struct {
	Schema   graph.Schema
	Position graph.Attr // name and type of the position
	Directed bool
	Nodes    string // table of nodes
	Edges    string // table of edges
	U, V     string // columns of an edge's ends
}

// NewMetadata describes a new graph, with the names that funlib gives when asked for nothing else.
func NewMetadata(schema graph.Schema) Metadata {
	return Metadata{
		Schema: schema, Position: graph.PositionAttr("position", schema.Dims),
		Nodes: "nodes", Edges: "edges", U: "u", V: "v",
	}
}

type document struct {
	Position string     `json:"position_attribute"`
	Directed bool       `json:"directed"`
	Offset   []*int     `json:"total_roi_offset"`
	Shape    []*int     `json:"total_roi_shape"`
	Nodes    string     `json:"nodes_table_name"`
	Edges    string     `json:"edges_table_name"`
	Ends     []string   `json:"endpoint_names"`
	NodeAttr attributes `json:"node_attrs"`
	EdgeAttr attributes `json:"edge_attrs"`
	Dims     int        `json:"ndims"`
}

// MarshalJSON writes the metadata as funlib does.
func (m Metadata) MarshalJSON() ([]byte, error) {
	d := document{
		Position: m.Position.Name, Directed: m.Directed,
		Offset: make([]*int, m.Schema.Dims), Shape: make([]*int, m.Schema.Dims),
		Nodes: m.Nodes, Edges: m.Edges, Ends: []string{m.U, m.V},
		NodeAttr: append(attributes{m.Position}, m.Schema.NodeAttrs...), EdgeAttr: m.Schema.EdgeAttrs,
		Dims: m.Schema.Dims,
	}
	if total := m.Schema.Total; total.Dims() > 0 {
		for i := range total.Offset {
			d.Offset[i], d.Shape[i] = &total.Offset[i], &total.Shape[i]
		}
	}
	return json.Marshal(d)
}

// UnmarshalJSON reads what funlib or MarshalJSON wrote. A region that is unbounded on any side is read as unknown.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("graph metadata: %w", err)
	}
	if len(d.Ends) != 2 {
		return fmt.Errorf("graph metadata: endpoint_names are two names, not %q", d.Ends)
	}
	position, others, err := d.splitPosition()
	if err != nil {
		return err
	}
	*m = Metadata{
		Schema:   graph.Schema{Dims: d.Dims, NodeAttrs: others, EdgeAttrs: d.EdgeAttr, Total: d.total()},
		Position: position, Directed: d.Directed,
		Nodes: d.Nodes, Edges: d.Edges, U: d.Ends[0], V: d.Ends[1],
	}
	if err := m.Schema.Validate(); err != nil {
		return fmt.Errorf("graph metadata: %w", err)
	}
	for _, name := range []string{m.Nodes, m.Edges, m.U, m.V} {
		if name == "" {
			return fmt.Errorf("graph metadata: a table or an end of edges has no name")
		}
	}
	return nil
}

func (d document) splitPosition() (position graph.Attr, others []graph.Attr, err error) {
	for _, a := range d.NodeAttr {
		if a.Name == d.Position {
			position = a
		} else {
			others = append(others, a)
		}
	}
	if position.Name == "" {
		return position, nil, fmt.Errorf("graph metadata: node_attrs do not hold the position attribute %q", d.Position)
	}
	if position.Type.Columns() != d.Dims {
		return position, nil, fmt.Errorf("graph metadata: position is %v, ndims %d", position.Type, d.Dims)
	}
	return position, others, nil
}

func (d document) total() geometry.Roi {
	if len(d.Offset) != d.Dims || len(d.Shape) != d.Dims {
		return geometry.Roi{}
	}
	total := geometry.Roi{Offset: geometry.Fill(d.Dims, 0), Shape: geometry.Fill(d.Dims, 0)}
	for i := range d.Dims {
		if d.Offset[i] == nil || d.Shape[i] == nil {
			return geometry.Roi{}
		}
		total.Offset[i], total.Shape[i] = *d.Offset[i], *d.Shape[i]
	}
	return total
}

// attributes is a JSON object of names to types whose order is kept.
type attributes []graph.Attr

func (a attributes) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, attr := range a {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(attr.Name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s:%q", name, attr.Type)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (a *attributes) UnmarshalJSON(data []byte) error {
	*a = nil
	var types map[string]string
	if err := json.Unmarshal(data, &types); err != nil {
		return err
	}
	names := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := names.Token()
		if err != nil {
			return nil // the end: the data are known to be sound
		}
		name, isText := token.(string)
		if !isText {
			continue
		}
		if _, err := names.Token(); err != nil {
			return err
		}
		t, err := graph.ParseType(types[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*a = append(*a, graph.Attr{Name: name, Type: t})
	}
}
