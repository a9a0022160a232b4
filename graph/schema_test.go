package graph_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"volara/geometry"
	"volara/graph"
)

func attrs(pairs ...any) []graph.Attr {
	var all []graph.Attr
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, graph.Attr{Name: pairs[i].(string), Type: pairs[i+1].(graph.Type)})
	}
	return all
}

func TestParseType(t *testing.T) {
	for text, want := range map[string]graph.Type{
		"float": graph.Float, "int": graph.Int, "bool": graph.Bool, " str ": graph.String,
		"3": graph.Vec(3), "1": graph.Vec(1), "Vec(float, 4)": graph.Vec(4), "Vec(int,2)": {Kind: graph.KindInt, Size: 2},
	} {
		got, err := graph.ParseType(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v; not %v", text, got, err, want)
		}
		if again, err := graph.ParseType(got.String()); err != nil || again != got {
			t.Errorf("%v written and read again is %v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "double", "Vec(float, 0)", "Vec(float)", "Vec(Vec(float, 2), 2)", "__import__('os')", "Vec(float, 99999999999999999999)"} {
		if got, err := graph.ParseType(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestNewSchema(t *testing.T) {
	s, err := graph.NewSchema(3, attrs("mean", graph.Float, "size", graph.Float), attrs("a", graph.Vec(2)))
	if err != nil {
		t.Fatal(err)
	}
	if want := attrs("size", graph.Float, "filtered", graph.Bool, "mean", graph.Float); !slices.Equal(s.NodeAttrs, want) {
		t.Errorf("node attributes %v, not %v", s.NodeAttrs, want)
	}
	if want := attrs("distance", graph.Float, "a", graph.Vec(2)); !slices.Equal(s.EdgeAttrs, want) {
		t.Errorf("edge attributes %v, not %v", s.EdgeAttrs, want)
	}
	if a, ok := s.EdgeAttr("a"); !ok || !slices.Equal(a.Columns(), []string{"a_0", "a_1"}) {
		t.Errorf("%v, %v", a, ok)
	}
	if _, ok := s.NodeAttr("a"); ok {
		t.Error("a is no node attribute")
	}
}

func TestInvalidSchemas(t *testing.T) {
	for _, c := range []struct {
		dims         int
		nodes, edges []graph.Attr
		want         string
	}{
		{0, nil, nil, "dimensions"},
		{6, nil, nil, "dimensions"},
		{3, attrs("my mean", graph.Float), nil, `"my mean"`},
		{3, attrs("", graph.Float), nil, `""`},
		{3, nil, attrs("2a", graph.Float), `"2a"`},
		{3, nil, attrs("a;drop", graph.Float), `"a;drop"`},
		{3, attrs("id", graph.Float), nil, `"id"`},
		{3, attrs("position_1", graph.Float), nil, "position_1"},
		{1, attrs("position", graph.Float), nil, "position"},
		{3, attrs("Size", graph.Int), nil, "size"},
		{3, nil, attrs("u", graph.Float), `"u"`},
		{3, nil, attrs("a", graph.Vec(2), "a_1", graph.Float), "a_1"},
	} {
		if _, err := graph.NewSchema(c.dims, c.nodes, c.edges); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	s := graph.Schema{Dims: 2, Total: geometry.NewRoi(geometry.Fill(3, 0), geometry.Fill(3, 1))}
	if err := s.Validate(); err == nil {
		t.Error("a region of three dimensions in a graph of two")
	}
}

func TestMerge(t *testing.T) {
	has, err := graph.NewSchema(3, attrs("mean", graph.Float), attrs("a", graph.Float))
	if err != nil {
		t.Fatal(err)
	}
	bare := graph.Schema{Dims: 3, EdgeAttrs: attrs("a", graph.Float)}
	region := geometry.NewRoi(geometry.Fill(3, 0), geometry.Fill(3, 10))
	for name, c := range map[string]struct {
		have, want graph.Schema
		mayAdd     bool
		edges      []graph.Attr
		errs       []string
	}{
		"nothing wanted":      {have: has, edges: has.EdgeAttrs},
		"the same":            {have: has, want: has, edges: has.EdgeAttrs},
		"less":                {have: has, want: bare, edges: has.EdgeAttrs},
		"defaults are absent": {have: bare, want: graph.Schema{Dims: 3, NodeAttrs: attrs("size", graph.Int), EdgeAttrs: attrs("distance", graph.Float)}, edges: bare.EdgeAttrs},
		"more":                {have: bare, want: has, mayAdd: true, edges: attrs("a", graph.Float, "distance", graph.Float)},
		"more, not allowed":   {have: bare, want: has, errs: []string{"no node attribute mean (float)"}},
		"other types":         {have: has, want: graph.Schema{Dims: 2, NodeAttrs: attrs("mean", graph.Vec(2)), EdgeAttrs: attrs("a", graph.Int)}, mayAdd: true, errs: []string{"3 dimensions, not 2", "mean is float, not Vec(float, 2)", "a is float, not int"}},
		"another case":        {have: has, want: graph.Schema{Dims: 3, EdgeAttrs: attrs("A", graph.Float)}, mayAdd: true, errs: []string{"A"}},
	} {
		c.want.Total = region
		got, err := c.have.Merge(c.want, c.mayAdd)
		if c.errs == nil {
			if err != nil || !slices.Equal(got.EdgeAttrs, c.edges) || (c.want.Dims > 0 && !got.Total.Equal(region)) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
			continue
		}
		if name != "another case" && !errors.Is(err, graph.ErrSchema) {
			t.Errorf("%s: %v", name, err)
		}
		for _, text := range c.errs {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v does not say %q", name, err, text)
			}
		}
	}
}

func TestCollectStopsAtAnError(t *testing.T) {
	broken := errors.New("broken")
	rows, err := graph.Collect(func(yield func(int, error) bool) {
		if yield(1, nil) && yield(0, broken) {
			t.Error("went on after an error")
		}
	})
	if rows != nil || !errors.Is(err, broken) {
		t.Errorf("%v, %v", rows, err)
	}
}
