package graphtest

import (
	"context"
	"math"
	"testing"

	"volara/geometry"
	"volara/graph"
)

func testEmpty(t *testing.T, s suite) {
	for dims := 1; dims <= geometry.MaxDims; dims++ {
		store := s.store(t, string(rune('a'+dims)), schema(t, dims, nil, nil))
		extent, err := store.Extent(context.Background())
		must(t, err)
		if !extent.Empty() || extent.Dims() != 0 {
			t.Errorf("extent without nodes: %v", extent)
		}
		all := box(geometry.Fill(dims, -1000), geometry.Fill(dims, 1000))
		nodesAre(t, store, all, nil)
		edgesAre(t, store, all, nil)
		edgesAre(t, store, geometry.Roi{}, nil)
		must(t, store.WriteNodes(context.Background(), writer, ids(0, 10), nil, nil))
		must(t, store.WriteEdges(context.Background(), writer, nil, nil))
	}
}

func testNodes(t *testing.T, s suite) {
	for dims := 1; dims <= geometry.MaxDims; dims++ {
		store := s.store(t, string(rune('a'+dims)), schema(t, dims, nil, nil))
		low, high := geometry.Fill(dims, -40), geometry.Fill(dims, 8000)
		high[dims-1] = 8001
		nodes := []graph.Node{
			{ID: math.MinInt64 + 1, Position: low, Size: 1},
			{ID: 7, Position: high, Size: math.MaxInt64},
			{ID: math.MaxInt64 - 1, Position: geometry.Fill(dims, 0)},
		}
		must(t, store.WriteNodes(context.Background(), writer, ids(math.MinInt64, math.MaxInt64), nil, nodes))
		nodesAre(t, store, geometry.Roi{}, nil, nodes...)
		nodesAre(t, store, box(low, high), nil, nodes[0], nodes[2])
		above := geometry.Fill(dims, 1)
		nodesAre(t, store, box(low.Add(above), high.Add(above)), nil, nodes[1], nodes[2])
		nodesAre(t, store, box(low, low), nil)

		extent, err := store.Extent(context.Background())
		must(t, err)
		if want := box(low, high.Add(above)); !extent.Equal(want) {
			t.Errorf("extent is %v, not %v", extent, want)
		}
		for _, err := range store.Nodes(context.Background(), box(geometry.Fill(dims+1, 0), geometry.Fill(dims+1, 9)), nil) {
			refused(t, "a roi of other dimensions", err)
		}
	}
}

func testReplace(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 2)
	must(t, store.WriteNodes(ctx, writer, ids(0, 100), nil, []graph.Node{node(1, 1, 1), node(99, 2, 2)}))
	must(t, store.WriteNodes(ctx, writer, ids(100, 200), nil, []graph.Node{node(100, 3, 3)}))
	for range 2 { // a block that is repeated changes nothing
		must(t, store.WriteNodes(ctx, writer, ids(0, 100), nil, []graph.Node{node(2, 5, 5), node(1, 4, 4)}))
	}
	nodesAre(t, store, geometry.Roi{}, nil, node(1, 4, 4), node(2, 5, 5), node(100, 3, 3))
	must(t, store.WriteNodes(ctx, writer, ids(0, 100), nil, nil))
	nodesAre(t, store, geometry.Roi{}, nil, node(100, 3, 3))
}

func testNodeAttrs(t *testing.T, s suite) {
	ctx := context.Background()
	store := s.store(t, "attrs", schema(t, 3, attrs("skeleton_id", graph.Int, "mean", graph.Float, "soma", graph.Bool,
		"name", graph.String, "code", graph.Vec(3)), nil))
	a := node(1, 1, 2, 3)
	a.Values = []any{"it's", int64(1)<<62 + 1, 0.1, 0.2, 0.3, true, 1.5}
	b := node(2, 1, 2, 3)
	b.Values = []any{nil, nil, nil, nil, 2.0, false, nil}
	names := []string{"name", "skeleton_id", "code", "soma", "mean"}
	must(t, store.WriteNodes(ctx, writer, ids(0, 10), names, []graph.Node{a, b}))
	nodesAre(t, store, geometry.Roi{}, names, a, b)

	a.Values, b.Values = []any{1.5}, []any{nil}
	nodesAre(t, store, geometry.Roi{}, []string{"mean"}, a, b)
	a.Values, b.Values = []any{int64(10), 1.5}, []any{int64(20), nil}
	nodesAre(t, store, geometry.Roi{}, []string{"size", "mean"}, a, b)
	a.Values, b.Values = nil, nil
	nodesAre(t, store, geometry.Roi{}, nil, a, b)
	must(t, store.WriteNodes(ctx, writer, ids(0, 10), nil, []graph.Node{a}))
	a.Values = []any{nil, nil}
	nodesAre(t, store, geometry.Roi{}, []string{"filtered", "mean"}, a)
}

func testBadNodes(t *testing.T, s suite) {
	ctx := context.Background()
	store := s.store(t, "bad", schema(t, 2, attrs("mean", graph.Float, "code", graph.Vec(2)), nil))
	with := func(n graph.Node, values ...any) []graph.Node { n.Values = values; return []graph.Node{n} }
	for name, c := range map[string]struct {
		attrs []string
		nodes []graph.Node
	}{
		"an id before the range":   {nil, []graph.Node{node(9, 1, 1)}},
		"an id after the range":    {nil, []graph.Node{node(20, 1, 1)}},
		"three coordinates":        {nil, []graph.Node{node(10, 1, 1, 1)}},
		"no position":              {nil, []graph.Node{{ID: 10}}},
		"an unknown attribute":     {[]string{"meen"}, with(node(10, 1, 1), 1.0)},
		"the position's column":    {[]string{"position_0"}, with(node(10, 1, 1), 1.0)},
		"the size as a value":      {[]string{"size"}, with(node(10, 1, 1), int64(1))},
		"a value too few":          {[]string{"code"}, with(node(10, 1, 1), 1.0)},
		"a value too many":         {nil, with(node(10, 1, 1), 1.0)},
		"a text for a number":      {[]string{"mean"}, with(node(10, 1, 1), "x")},
		"an id twice":              {nil, []graph.Node{node(10, 1, 1), node(11, 1, 1), node(10, 2, 2)}},
		"a type of no database":    {[]string{"mean"}, with(node(10, 1, 1), struct{}{})},
		"a flag where a number is": {[]string{"mean"}, with(node(10, 1, 1), true)},
	} {
		refused(t, name, store.WriteNodes(ctx, writer, ids(10, 20), c.attrs, c.nodes))
	}
	nodesAre(t, store, geometry.Roi{}, nil)
	for _, err := range store.Nodes(ctx, geometry.Roi{}, []string{"meen"}) {
		refused(t, "reading an unknown attribute", err)
	}
}
