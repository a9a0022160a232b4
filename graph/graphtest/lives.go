package graphtest

import (
	"context"
	"errors"
	"testing"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
)

func testGenerations(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 3)
	nodes, edges := []graph.Node{node(1, 1, 2, 3)}, []graph.Edge{edge(1, 2, 0.5)}
	stale := func(what string, w graph.Writer) {
		t.Helper()
		for _, err := range []error{
			store.WriteNodes(ctx, w, ids(0, 10), nil, nodes),
			store.WriteNodes(ctx, w, ids(0, 10), nil, nil),
			store.WriteEdges(ctx, w, []string{"a"}, edges),
			store.WritePartials(ctx, w, graph.Partials{Scores: []graph.Score{{Mean: "a"}}, Pairs: []graph.Partial{share(1, 2, 0.5, 1)}}),
		} {
			if !errors.Is(err, graph.ErrStaleGeneration) || !fault.IsTakenOver(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	stale("a task without a generation", graph.Writer{Task: "other", Generation: life})
	stale("neither of both", graph.Writer{Task: "other"})
	stale("another life", graph.Writer{Task: task, Generation: life + "0"})

	must(t, store.WriteNodes(ctx, writer, ids(0, 10), nil, nodes))
	must(t, store.SetGeneration(ctx, "other", "x"))
	must(t, store.WriteEdges(ctx, graph.Writer{Task: "other", Generation: "x"}, []string{"a"}, edges))
	must(t, store.SetGeneration(ctx, task, "y"))
	stale("a life that ended", writer)
	must(t, store.SetGeneration(ctx, "other", ""))
	stale("a task that may not write", graph.Writer{Task: "other"})
	nodesAre(t, store, geometry.Roi{}, nil, nodes...)
	edgesAre(t, store, geometry.Roi{}, []string{"a"}, edges...)

	for name, want := range map[string]string{task: "y", "other": "", "never heard of": ""} {
		got, err := store.Generation(ctx, name)
		must(t, err)
		if got != want {
			t.Errorf("generation of %s is %q, not %q", name, got, want)
		}
	}
}

func testSchema(t *testing.T, s suite) {
	ctx := context.Background()
	first := schema(t, 3, attrs("mean", graph.Float), attrs("a", graph.Float))
	store := s.store(t, "same", first)
	must(t, store.WriteEdges(ctx, writer, []string{"a"}, []graph.Edge{edge(1, 2, 0.5)}))
	must(t, store.Close())

	store = s.store(t, "same", schema(t, 3, attrs("code", graph.Vec(2)), attrs("b", graph.Int)))
	want := schema(t, 3, attrs("mean", graph.Float, "code", graph.Vec(2)), attrs("a", graph.Float, "b", graph.Int))
	if _, err := store.Schema().Merge(want, false); err != nil {
		t.Error(err)
	}
	must(t, store.WriteEdges(ctx, writer, []string{"b"}, []graph.Edge{edge(1, 2, 3)}))
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, edge(1, 2, 0.5, 3))
	must(t, store.Close())

	for _, other := range []graph.Schema{
		schema(t, 2, nil, nil),
		schema(t, 3, nil, attrs("a", graph.Int)),
		schema(t, 3, attrs("code", graph.Vec(3)), nil),
	} {
		if store, err := s.open(t, "same", other); !errors.Is(err, graph.ErrSchema) {
			t.Errorf("%v: %v", other, err)
			if err == nil {
				store.Close()
			}
		}
	}
}

// testLoops ends a loop early, writes within one, and runs one within another.
func testLoops(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 1)
	must(t, store.WriteNodes(ctx, writer, ids(0, 10), nil, []graph.Node{node(1, 1), node(2, 2), node(3, 3)}))
	must(t, store.WriteEdges(ctx, writer, []string{"a"}, []graph.Edge{edge(1, 2, 1), edge(2, 3, 2)}))
	for range 20 {
		for _, err := range store.Nodes(ctx, geometry.Roi{}, nil) {
			must(t, err)
			break
		}
	}
	for n, err := range store.Nodes(ctx, geometry.Roi{}, nil) {
		must(t, err)
		for e, err := range store.Edges(ctx, geometry.Roi{}, []string{"a"}) {
			must(t, err)
			must(t, store.WriteEdges(ctx, writer, []string{"b"}, []graph.Edge{edge(e.U, e.V, float64(n.ID))}))
		}
	}
	edgesAre(t, store, geometry.Roi{}, []string{"a", "b"}, edge(1, 2, 1, 3), edge(2, 3, 2, 3))
}

func testCancelled(t *testing.T, s suite) {
	store := s.plain(t, 1)
	must(t, store.WriteNodes(context.Background(), writer, ids(0, 10), nil, []graph.Node{node(1, 1)}))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, nodesErr := graph.Collect(store.Nodes(ctx, geometry.Roi{}, nil))
	_, edgesErr := graph.Collect(store.Edges(ctx, geometry.Roi{}, nil))
	for _, err := range []error{
		nodesErr, edgesErr,
		store.WriteNodes(ctx, writer, ids(0, 10), nil, nil),
		store.WriteEdges(ctx, writer, nil, []graph.Edge{edge(1, 2)}),
		store.WritePartials(ctx, writer, graph.Partials{}),
		store.ClearNodes(ctx),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
	nodesAre(t, store, geometry.Roi{}, nil, node(1, 1))
	edgesAre(t, store, geometry.Roi{}, nil)
}

func testClosed(t *testing.T, s suite) {
	ctx, store := context.Background(), s.plain(t, 1)
	must(t, store.Close())
	must(t, store.Close())
	_, nodesErr := graph.Collect(store.Nodes(ctx, geometry.Roi{}, nil))
	_, edgesErr := graph.Collect(store.Edges(ctx, geometry.Roi{}, nil))
	_, extentErr := store.Extent(ctx)
	_, generationErr := store.Generation(ctx, task)
	for i, err := range []error{
		nodesErr, edgesErr, extentErr, generationErr,
		store.WriteNodes(ctx, writer, ids(0, 10), nil, nil),
		store.WriteEdges(ctx, writer, nil, nil),
		store.WritePartials(ctx, writer, graph.Partials{}),
		store.ClearNodes(ctx),
		store.ClearEdgeAttrs(ctx, []string{"a"}),
		store.SetGeneration(ctx, task, "x"),
	} {
		if !errors.Is(err, graph.ErrClosed) {
			t.Errorf("call %d on a closed store: %v", i, err)
		}
	}
}
