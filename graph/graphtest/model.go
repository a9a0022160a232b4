package graphtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/graph"
)

// testConcurrent lets many write at once, among them some who must not. All blocks end up as written alone; who is
// refused learns it and disturbs no one.
func testConcurrent(t *testing.T, s suite) {
	const blocks, perBlock = 60, 20
	ctx, store := context.Background(), s.plain(t, 3)
	var group sync.WaitGroup
	var wantNodes []graph.Node
	var wantEdges []graph.Edge
	for b := range int64(blocks) {
		first := b * perBlock
		var nodes []graph.Node
		var as, bs []graph.Edge
		for i := range int64(perBlock) {
			u := first + i
			nodes = append(nodes, node(u, int(b), int(i), 0))
			as = append(as, edge(u, u+perBlock, float64(u)))
			bs = append(bs, edge(u, u+perBlock, float64(-u)))
			wantEdges = append(wantEdges, edge(u, u+perBlock, float64(u), float64(-u)))
		}
		wantNodes = append(wantNodes, nodes...)
		rand.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		group.Go(func() { check(t, store.WriteNodes(ctx, writer, ids(first, first+perBlock), nil, nodes)) })
		group.Go(func() { check(t, store.WriteEdges(ctx, writer, []string{"a"}, as)) })
		group.Go(func() { check(t, store.WriteEdges(ctx, writer, []string{"b"}, bs)) })
		group.Go(func() {
			err := store.WriteEdges(ctx, graph.Writer{Task: task, Generation: "old"}, []string{"a"}, bs)
			if !errors.Is(err, graph.ErrStaleGeneration) {
				t.Errorf("stale writer: %v", err)
			}
		})
		group.Go(func() {
			twice := []graph.Node{nodes[0], nodes[1], nodes[0]}
			refused(t, "an id twice", store.WriteNodes(ctx, writer, ids(first, first+perBlock), nil, twice))
		})
		group.Go(func() {
			_, err := graph.Collect(store.Edges(ctx, geometry.Roi{}, []string{"a"}))
			check(t, err)
		})
	}
	group.Wait()
	nodesAre(t, store, geometry.Roi{}, nil, wantNodes...)
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, wantEdges...)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// testModel compares random writes and reads with maps.
func testModel(t *testing.T, s suite) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		m := &model{dims: rapid.IntRange(1, geometry.MaxDims).Draw(r, "dims"), nodes: map[int64]graph.Node{}, edges: map[[2]int64][2]float64{}}
		for i := range m.parts {
			m.parts[i] = map[[2]int64]map[int64]graph.Partial{}
		}
		store, err := s.open(t, fmt.Sprintf("model%d", run), schema(r, m.dims, nil, attrs("a", graph.Float, "b", graph.Float)))
		must(r, err)
		defer store.Close()
		must(r, store.SetGeneration(context.Background(), task, life))
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			m.step(r, store)
		}
		m.compare(r, store, geometry.Roi{})
		m.compare(r, store, m.roi(r))
	})
}

// model is a graph in maps, with edge attributes a and b. Ids are small and come in blocks of ten.
type model struct {
	dims  int
	nodes map[int64]graph.Node
	edges map[[2]int64][2]float64
	parts [2]map[[2]int64]map[int64]graph.Partial // by attribute, pair, block
}

func (m *model) step(r *rapid.T, store graph.Store) {
	switch rapid.IntRange(0, 9).Draw(r, "step") {
	case 0:
		must(r, store.ClearNodes(context.Background()))
		clear(m.nodes)
	case 1:
		m.clearEdges(r, store, rapid.IntRange(0, 1).Draw(r, "attribute"))
	case 2, 3, 4:
		m.writeNodes(r, store)
	case 5, 6, 7:
		m.writePartials(r, store)
	default:
		m.writeEdges(r, store)
	}
}

func (m *model) clearEdges(r *rapid.T, store graph.Store, column int) {
	must(r, store.ClearEdgeAttrs(context.Background(), []string{"a", "b"}[column:column+1]))
	clear(m.parts[column])
	for key := range m.edges {
		m.set(key, column, absent)
	}
}

// set sets one attribute of an edge, which goes when it has none left.
func (m *model) set(key [2]int64, column int, value float64) {
	values, known := m.edges[key]
	if !known {
		values = [2]float64{absent, absent}
	}
	values[column] = value
	m.edges[key] = values
	if graph.IsAbsent(values[0]) && graph.IsAbsent(values[1]) {
		delete(m.edges, key)
	}
}

// writePartials draws a block's shares in quarters, whose sums are exact in any order.
func (m *model) writePartials(r *rapid.T, store graph.Store) {
	column, block := rapid.IntRange(0, 1).Draw(r, "attribute"), rapid.Int64Range(0, 3).Draw(r, "block")
	p := graph.Partials{Block: block, Scores: []graph.Score{{Mean: "ab"[column : column+1]}}}
	touched := map[[2]int64]bool{}
	for key, shares := range m.parts[column] {
		if _, mine := shares[block]; mine {
			touched[key] = true
			delete(shares, block)
		}
	}
	for _, u := range rapid.SliceOfDistinct(rapid.Int64Range(0, 48), rapid.ID).Draw(r, "u") {
		key := [2]int64{u, rapid.Int64Range(u+1, min(u+3, 50)).Draw(r, "v")}
		part := share(u, key[1], 0.25*float64(rapid.IntRange(-9, 9).Draw(r, "sum")), float64(rapid.IntRange(0, 3).Draw(r, "count")))
		p.Pairs = append(p.Pairs, part)
		if part.Count[0] > 0 {
			if m.parts[column][key] == nil {
				m.parts[column][key] = map[int64]graph.Partial{}
			}
			m.parts[column][key][block], touched[key] = part, true
		}
	}
	must(r, store.WritePartials(context.Background(), writer, p))
	for key := range touched {
		sum, count := 0.0, 0.0
		for _, part := range m.parts[column][key] {
			sum, count = sum+part.Sum[0], count+float64(part.Count[0])
		}
		m.set(key, column, sum/count) // 0/0 is absent
	}
}

func (m *model) writeNodes(r *rapid.T, store graph.Store) {
	first := 10 * rapid.Int64Range(0, 4).Draw(r, "block")
	chosen := rapid.SliceOfNDistinct(rapid.Int64Range(first, first+9), 0, 10, rapid.ID).Draw(r, "ids")
	var nodes []graph.Node
	for id := first; id < first+10; id++ {
		delete(m.nodes, id)
	}
	for _, id := range chosen {
		n := node(id, rapid.SliceOfN(rapid.IntRange(-5, 5), m.dims, m.dims).Draw(r, "position")...)
		nodes = append(nodes, n)
		m.nodes[id] = n
	}
	must(r, store.WriteNodes(context.Background(), writer, ids(first, first+10), nil, nodes))
}

func (m *model) writeEdges(r *rapid.T, store graph.Store) {
	column := rapid.IntRange(0, 1).Draw(r, "attribute")
	var edges []graph.Edge
	for range rapid.IntRange(0, 150).Draw(r, "edges") { // more than are inserted at once
		u := rapid.Int64Range(0, 48).Draw(r, "u")
		v := rapid.Int64Range(u+1, 50).Draw(r, "v")
		value := rapid.SampledFrom([]float64{absent, 0, 0.5, -1}).Draw(r, "value")
		edges = append(edges, edge(u, v, value))
		values, known := m.edges[[2]int64{u, v}]
		if !known {
			values = [2]float64{absent, absent}
		}
		values[column] = value
		m.edges[[2]int64{u, v}] = values
	}
	must(r, store.WriteEdges(context.Background(), writer, []string{"a", "b"}[column:column+1], edges))
}

func (m *model) roi(r *rapid.T) geometry.Roi {
	draw := func(low, high int, name string) geometry.Coordinate {
		return rapid.SliceOfN(rapid.IntRange(low, high), m.dims, m.dims).Draw(r, name)
	}
	return geometry.NewRoi(draw(-6, 3, "offset"), draw(0, 9, "shape"))
}

func (m *model) compare(r *rapid.T, store graph.Store, roi geometry.Roi) {
	r.Helper()
	inside := func(n graph.Node) bool { return roi.Dims() == 0 || roi.ContainsPoint(n.Position) }
	var nodes []graph.Node
	for id := range int64(50) {
		if n, ok := m.nodes[id]; ok && inside(n) {
			nodes = append(nodes, n)
		}
	}
	nodesAre(r, store, roi, nil, nodes...)
	var edges []graph.Edge
	for key, values := range m.edges {
		if n, ok := m.nodes[key[0]]; roi.Dims() == 0 || ok && inside(n) {
			edges = append(edges, edge(key[0], key[1], values[:]...))
		}
	}
	edgesAre(r, store, roi, []string{"a", "b"}, edges...)
}
