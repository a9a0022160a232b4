package graphtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"volara/geometry"
	"volara/graph"
)

// nodesAre compares the nodes in roi with what is wanted, in order.
func nodesAre(t reporter, s graph.Store, roi geometry.Roi, attrs []string, want ...graph.Node) {
	t.Helper()
	got, err := graph.Collect(s.Nodes(context.Background(), roi, attrs))
	must(t, err)
	same(t, fmt.Sprintf("nodes in %v", roi), nodeLines(got), nodeLines(want))
}

// edgesAre compares the edges in roi with what is wanted, in any order.
func edgesAre(t reporter, s graph.Store, roi geometry.Roi, attrs []string, want ...graph.Edge) {
	t.Helper()
	got, err := graph.Collect(s.Edges(context.Background(), roi, attrs))
	must(t, err)
	same(t, fmt.Sprintf("edges in %v", roi), edgeLines(got), edgeLines(want))
}

func nodeLines(nodes []graph.Node) []string {
	var lines []string
	for _, n := range nodes {
		lines = append(lines, fmt.Sprintf("%d at %v of %d: %#v", n.ID, n.Position, n.Size, append([]any{}, n.Values...)))
	}
	return lines
}

func edgeLines(edges []graph.Edge) []string {
	edges = slices.Clone(edges)
	slices.SortFunc(edges, func(a, b graph.Edge) int { return cmp.Or(cmp.Compare(a.U, b.U), cmp.Compare(a.V, b.V)) })
	var lines []string
	for _, e := range edges {
		lines = append(lines, fmt.Sprintf("%d-%d: %v", e.U, e.V, append([]float64{}, e.Values...)))
	}
	return lines
}

func same(t reporter, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("%s: %d instead of %d; the first that differs is\n\t%s, not\n\t%s", what, len(got), len(want), g, w)
		}
	}
}

// refused reports an error that is not there.
func refused(t reporter, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
}
