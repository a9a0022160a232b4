// Package graphtest is the suite that every implementation of graph.Store passes.
package graphtest

import (
	"context"
	"testing"

	"volara/geometry"
	"volara/graph"
)

// An Opener opens the database of that name, which it creates first where there is none, and adds the attributes that it
// lacks. Names keep databases apart within one test; another t, another database. The suite closes what it opens.
type Opener func(t testing.TB, name string, schema graph.Schema) (graph.Store, error)

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for name, test := range map[string]func(*testing.T, suite){
		"empty":              testEmpty,
		"nodes":              testNodes,
		"nodes are replaced": testReplace,
		"node attributes":    testNodeAttrs,
		"bad nodes":          testBadNodes,
		"edges":              testEdges,
		"edge attributes":    testEdgeAttrs,
		"edges by region":    testEdgesByRegion,
		"bad edges":          testBadEdges,
		"clear":              testClear,
		"partials":           testPartials,
		"partials by region": testPartialsByRegion,
		"bad partials":       testBadPartials,
		"partials forgotten": testPartialsForgotten,
		"partials shuffled":  testPartialsShuffled,
		"generations":        testGenerations,
		"schema":             testSchema,
		"loops":              testLoops,
		"cancelled":          testCancelled,
		"closed":             testClosed,
		"concurrent":         testConcurrent,
		"model":              testModel,
	} {
		t.Run(name, func(t *testing.T) { test(t, suite{open: open}) })
	}
}

type suite struct{ open Opener }

const (
	task = "task"
	life = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
)

// writer is the one that a store of suite.store lets write.
var writer = graph.Writer{Task: task, Generation: life}

// store opens a database and lets writer write to it.
func (s suite) store(t testing.TB, name string, schema graph.Schema) graph.Store {
	t.Helper()
	store, err := s.open(t, name, schema)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	must(t, store.SetGeneration(context.Background(), task, life))
	return store
}

func (s suite) plain(t testing.TB, dims int) graph.Store {
	t.Helper()
	return s.store(t, "plain", schema(t, dims, nil, attrs("a", graph.Float, "b", graph.Float)))
}

func schema(t reporter, dims int, nodes, edges []graph.Attr) graph.Schema {
	t.Helper()
	s, err := graph.NewSchema(dims, nodes, edges)
	must(t, err)
	return s
}

// attrs makes attributes of alternating names and types.
func attrs(pairs ...any) []graph.Attr {
	var all []graph.Attr
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, graph.Attr{Name: pairs[i].(string), Type: pairs[i+1].(graph.Type)})
	}
	return all
}

func node(id int64, position ...int) graph.Node {
	return graph.Node{ID: id, Position: position, Size: 10 * id}
}

func edge(u, v int64, values ...float64) graph.Edge { return graph.Edge{U: u, V: v, Values: values} }

func ids(from, to int64) graph.IDRange { return graph.IDRange{From: from, To: to} }

func box(begin, end geometry.Coordinate) geometry.Roi { return geometry.FromCorners(begin, end) }

// reporter is what testing.TB and rapid.T have in common.
type reporter interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

func must(t reporter, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
