package graphtest

import (
	"context"
	"math"
	"testing"

	"volara/geometry"
	"volara/graph"
)

var absent = graph.Absent

func testEdges(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 3)
	for range 2 { // a block that is repeated changes nothing
		must(t, store.WriteEdges(ctx, writer, []string{"a"}, []graph.Edge{edge(3, 4, 0.25), edge(1, 2, 0.5), edge(1, 3, absent)}))
	}
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, edge(1, 2, 0.5, absent), edge(1, 3, absent, absent), edge(3, 4, 0.25, absent))

	must(t, store.WriteEdges(ctx, writer, []string{"b"}, []graph.Edge{edge(1, 2, 7), edge(5, 6, 8)}))
	edgesAre(t, store, geometry.Roi{}, []string{"b", "a"}, edge(1, 2, 7, 0.5), edge(1, 3, absent, absent), edge(3, 4, absent, 0.25), edge(5, 6, 8, absent))

	must(t, store.WriteEdges(ctx, writer, []string{"b", "a"}, []graph.Edge{edge(1, 2, 9, absent)}))
	must(t, store.WriteEdges(ctx, writer, nil, []graph.Edge{edge(1, 2), edge(math.MinInt64, math.MaxInt64)}))
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, edge(math.MinInt64, math.MaxInt64, absent, absent), edge(1, 2, absent, 9),
		edge(1, 3, absent, absent), edge(3, 4, 0.25, absent), edge(5, 6, absent, 8))
	edgesAre(t, store, geometry.Roi{}, nil, edge(math.MinInt64, math.MaxInt64), edge(1, 2), edge(1, 3), edge(3, 4), edge(5, 6))
}

func testEdgeAttrs(t *testing.T, s suite) {
	ctx := context.Background()
	store := s.store(t, "attrs", schema(t, 3, nil, attrs("count", graph.Int, "same", graph.Bool, "vec", graph.Vec(2), "note", graph.String)))
	all := []string{"vec", "count", "same", "distance"}
	want := []graph.Edge{
		edge(1, 2, 0.1, -1e300, 1<<53, 1, math.Inf(1)),
		edge(2, 3, absent, 5, absent, 0, math.SmallestNonzeroFloat64),
	}
	must(t, store.WriteEdges(ctx, writer, all, want))
	edgesAre(t, store, geometry.Roi{}, all, want...)
	edgesAre(t, store, geometry.Roi{}, []string{"note"}, edge(1, 2, absent), edge(2, 3, absent))
	refused(t, "half a count", store.WriteEdges(ctx, writer, []string{"count"}, []graph.Edge{edge(1, 2, 0.5)}))
	refused(t, "a number for a text", store.WriteEdges(ctx, writer, []string{"note"}, []graph.Edge{edge(1, 2, 0.5)}))
	edgesAre(t, store, geometry.Roi{}, all, want...)
}

// testEdgesByRegion has one node in the region among many outside, then most of them inside: an implementation may well
// answer the two differently.
func testEdgesByRegion(t *testing.T, s suite) {
	ctx := context.Background()
	for dims := 1; dims <= geometry.MaxDims; dims++ {
		store := s.store(t, string(rune('a'+dims)), schema(t, dims, nil, attrs("a", graph.Float)))
		var nodes []graph.Node
		for id := int64(1); id <= 40; id++ {
			p := geometry.Fill(dims, 5)
			p[dims-1] = int(id)
			nodes = append(nodes, node(id, p...))
		}
		must(t, store.WriteNodes(ctx, writer, ids(0, 100), nil, nodes))
		edges := []graph.Edge{edge(1, 2, 0.5), edge(2, 3, 0.25), edge(2, 40, 1), edge(3, 4, 2), edge(38, 40, 3), edge(0, 2, 4), edge(2, 77, 5), edge(50, 60, 6)}
		must(t, store.WriteEdges(ctx, writer, []string{"a"}, edges))

		lower := func(from, to int) geometry.Roi {
			low, high := geometry.Fill(dims, 5), geometry.Fill(dims, 6)
			low[dims-1], high[dims-1] = from, to
			return box(low, high)
		}
		a := []string{"a"}
		edgesAre(t, store, lower(2, 3), a, edges[1], edges[2], edges[6])
		edgesAre(t, store, lower(3, 4), a, edges[3])
		edgesAre(t, store, lower(4, 30), a)
		edgesAre(t, store, lower(2, 38), a, edges[1], edges[2], edges[3], edges[6])
		edgesAre(t, store, lower(1, 41), a, edges[0], edges[1], edges[2], edges[3], edges[4], edges[6])
		edgesAre(t, store, lower(2, 2), a)
		edgesAre(t, store, geometry.Roi{}, a, edges...)
		for _, err := range store.Edges(ctx, box(geometry.Fill(dims+1, 0), geometry.Fill(dims+1, 9)), nil) {
			refused(t, "a roi of other dimensions", err)
		}
	}
}

func testBadEdges(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 3)
	good := edge(1, 2, 1)
	for name, c := range map[string]struct {
		attrs []string
		edge  graph.Edge
	}{
		"ends in the wrong order": {[]string{"a"}, edge(2, 1, 1)},
		"an edge to itself":       {[]string{"a"}, edge(2, 2, 1)},
		"an unknown attribute":    {[]string{"c"}, edge(2, 3, 1)},
		"an end":                  {[]string{"u"}, edge(2, 3, 1)},
		"a value too few":         {[]string{"a", "b"}, edge(2, 3, 1)},
		"a value too many":        {[]string{"a"}, edge(2, 3, 1, 1)},
	} {
		refused(t, name, store.WriteEdges(ctx, writer, c.attrs, []graph.Edge{good, c.edge}))
	}
	edgesAre(t, store, geometry.Roi{}, nil)
	for _, err := range store.Edges(ctx, geometry.Roi{}, []string{"c"}) {
		refused(t, "reading an unknown attribute", err)
	}
}

func testClear(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 3)
	must(t, store.WriteNodes(ctx, writer, ids(0, 100), nil, []graph.Node{node(1, 1, 2, 3), node(2, 1, 2, 3)}))
	must(t, store.WriteEdges(ctx, writer, []string{"a"}, []graph.Edge{edge(1, 2, 1), edge(1, 3, 2)}))
	must(t, store.WriteEdges(ctx, writer, []string{"b"}, []graph.Edge{edge(1, 2, 3), edge(4, 5, absent)}))

	must(t, store.ClearEdgeAttrs(ctx, nil))
	edgesAre(t, store, geometry.Roi{}, nil, edge(1, 2), edge(1, 3), edge(4, 5))
	must(t, store.ClearEdgeAttrs(ctx, []string{"a"}))
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, edge(1, 2, absent, 3))
	refused(t, "clearing an unknown attribute", store.ClearEdgeAttrs(ctx, []string{"c"}))
	must(t, store.ClearNodes(ctx))
	nodesAre(t, store, geometry.Roi{}, nil)
	edgesAre(t, store, geometry.Roi{}, nil, edge(1, 2))
	must(t, store.ClearEdgeAttrs(ctx, []string{"distance", "a", "b"}))
	edgesAre(t, store, geometry.Roi{}, nil)
}
