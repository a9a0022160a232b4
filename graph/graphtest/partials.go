package graphtest

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"volara/geometry"
	"volara/graph"
)

// share makes a contribution of alternating sums and counts.
func share(u, v int64, sumCount ...float64) graph.Partial {
	p := graph.Partial{U: u, V: v}
	for i := 0; i < len(sumCount); i += 2 {
		p.Sum, p.Count = append(p.Sum, sumCount[i]), append(p.Count, int64(sumCount[i+1]))
	}
	return p
}

// counted is a store with two scores, the first with its count.
func (s suite) counted(t testing.TB) (graph.Store, []graph.Score) {
	t.Helper()
	store := s.store(t, "counted", schema(t, 2, nil, attrs("a", graph.Float, "n", graph.Int, "b", graph.Float, "note", graph.String)))
	return store, []graph.Score{{Mean: "a", Count: "n"}, {Mean: "b"}}
}

func testPartials(t *testing.T, s suite) {
	ctx := context.Background()
	store, scores := s.counted(t)
	write := func(block int64, shares ...graph.Partial) {
		t.Helper()
		for range 2 { // a block that is repeated changes nothing
			must(t, store.WritePartials(ctx, writer, graph.Partials{Block: block, Scores: scores, Pairs: shares}))
		}
	}
	is := func(want ...graph.Edge) {
		t.Helper()
		edgesAre(t, store, geometry.Roi{}, []string{"a", "n", "b"}, want...)
	}
	write(7, share(3, 4, 1, 4, 0, 0), share(1, 2, 1, 2, 6, 1))
	is(edge(1, 2, 0.5, 2, 6), edge(3, 4, 0.25, 4, absent))
	write(-3, share(1, 2, 2, 2, 0, 0), share(3, 4, 0, 0, 8, 2), share(math.MinInt64, math.MaxInt64, math.Inf(1), 1<<50, math.NaN(), 0))
	is(edge(math.MinInt64, math.MaxInt64, math.Inf(1), 1<<50, absent), edge(1, 2, 0.75, 4, 6), edge(3, 4, 0.25, 4, 4))
	write(7, share(1, 2, 0, 0, 2, 1)) // (3, 4) has only b left, (1, 2) half of a
	is(edge(math.MinInt64, math.MaxInt64, math.Inf(1), 1<<50, absent), edge(1, 2, 1, 2, 2), edge(3, 4, absent, absent, 4))
	write(-3)
	is(edge(1, 2, absent, absent, 2))

	must(t, store.WriteEdges(ctx, writer, []string{"distance"}, []graph.Edge{edge(1, 2, 5)}))
	write(7)
	is(edge(1, 2, absent, absent, absent)) // it has a distance
	edgesAre(t, store, geometry.Roi{}, []string{"distance"}, edge(1, 2, 5))
	must(t, store.WritePartials(ctx, writer, graph.Partials{Block: 1, Pairs: []graph.Partial{share(8, 9)}}))
	is(edge(1, 2, absent, absent, absent))

	for block := range int64(3) { // what the sums are counted in matters in the end alone
		must(t, store.WritePartials(ctx, writer, graph.Partials{Block: block, Scores: scores[1:], Scale: 255, Pairs: []graph.Partial{share(1, 2, 17, 1)}}))
	}
	is(edge(1, 2, absent, absent, 51.0/255/3))
}

// testPartialsByRegion: an edge is there when its node U lies in the region, whoever contributes to it.
func testPartialsByRegion(t *testing.T, s suite) {
	ctx := context.Background()
	store, scores := s.counted(t)
	must(t, store.WriteNodes(ctx, writer, ids(0, 10), nil, []graph.Node{node(1, 0, 0), node(2, 4, 4), node(3, 4, 5)}))
	shares := []graph.Partial{share(1, 2, 1, 1, 1, 1), share(2, 9, 2, 1, 0, 0), share(2, 3, 1, 1, 0, 0), share(3, 4, 3, 1, 0, 0), share(8, 9, 4, 1, 0, 0)}
	for block := range int64(2) {
		must(t, store.WritePartials(ctx, writer, graph.Partials{Block: block, Scores: scores, Pairs: shares, Roi: box([]int{0, 0}, []int{5, 5})}))
	}
	a := []string{"a", "n"}
	edgesAre(t, store, geometry.Roi{}, a, edge(1, 2, 1, 2), edge(2, 3, 1, 2), edge(2, 9, 2, 2))
	must(t, store.WritePartials(ctx, writer, graph.Partials{Block: 1, Scores: scores, Pairs: shares, Roi: box([]int{4, 4}, []int{9, 9})}))
	edgesAre(t, store, geometry.Roi{}, a, edge(2, 3, 1, 2), edge(2, 9, 2, 2), edge(3, 4, 3, 2))
	must(t, store.WritePartials(ctx, writer, graph.Partials{Block: 1, Scores: scores, Pairs: shares}))
	edgesAre(t, store, geometry.Roi{}, a, edge(1, 2, 1, 2), edge(2, 3, 1, 2), edge(2, 9, 2, 2), edge(3, 4, 3, 2), edge(8, 9, 4, 2))
}

func testBadPartials(t *testing.T, s suite) {
	ctx := context.Background()
	store, scores := s.counted(t)
	good := share(1, 2, 1, 1, 1, 1)
	for name, p := range map[string]graph.Partials{
		"ends in the wrong order": {Scores: scores, Pairs: []graph.Partial{good, share(2, 1, 1, 1, 1, 1)}},
		"a pair twice":            {Scores: scores, Pairs: []graph.Partial{good, share(2, 3, 1, 1, 1, 1), good}},
		"a score too few":         {Scores: scores, Pairs: []graph.Partial{good, share(2, 3, 1, 1)}},
		"a negative count":        {Scores: scores, Pairs: []graph.Partial{good, share(2, 3, 1, -1, 1, 1)}},
		"no number":               {Scores: scores, Pairs: []graph.Partial{good, share(2, 3, math.NaN(), 1, 1, 1)}},
		"an unknown attribute":    {Scores: []graph.Score{{Mean: "a"}, {Mean: "c"}}, Pairs: []graph.Partial{good}},
		"an unknown count":        {Scores: []graph.Score{{Mean: "a", Count: "c"}, {Mean: "b"}}, Pairs: []graph.Partial{good}},
		"no name":                 {Scores: []graph.Score{{Mean: "a"}, {}}, Pairs: []graph.Partial{good}},
		"an attribute twice":      {Scores: []graph.Score{{Mean: "a"}, {Mean: "b", Count: "a"}}, Pairs: []graph.Partial{good}},
		"a text":                  {Scores: []graph.Score{{Mean: "note"}}, Pairs: []graph.Partial{share(1, 2, 1, 1)}},
		"whole means":             {Scores: []graph.Score{{Mean: "n"}}, Pairs: []graph.Partial{share(1, 2, 1, 1)}},
		"a negative scale":        {Scores: scores, Scale: -1, Pairs: []graph.Partial{good}},
		"an infinite scale":       {Scores: scores, Scale: math.Inf(1), Pairs: []graph.Partial{good}},
		"other dimensions":        {Scores: scores, Roi: box([]int{0}, []int{1}), Pairs: []graph.Partial{good}},
	} {
		refused(t, name, store.WritePartials(ctx, writer, p))
	}
	edgesAre(t, store, geometry.Roi{}, nil)
	plus := graph.Partials{Block: 1, Scores: scores[1:], Pairs: []graph.Partial{share(1, 2, math.Inf(1), 1)}}
	minus := graph.Partials{Block: 2, Scores: scores[1:], Pairs: []graph.Partial{share(1, 2, math.Inf(-1), 1), share(3, 4, 1, 1)}}
	must(t, store.WritePartials(ctx, writer, plus))
	refused(t, "a mean that is no number", store.WritePartials(ctx, writer, minus))
	edgesAre(t, store, geometry.Roi{}, []string{"b"}, edge(1, 2, math.Inf(1)))
}

// testPartialsForgotten: cleared attributes begin anew, others go on.
func testPartialsForgotten(t *testing.T, s suite) {
	ctx := context.Background()
	store, scores := s.counted(t)
	write := func(block int64) {
		must(t, store.WritePartials(ctx, writer, graph.Partials{Block: block, Scores: scores, Pairs: []graph.Partial{share(1, 2, 1, 1, float64(block), 1)}}))
	}
	write(2)
	for range 2 {
		must(t, store.ClearEdgeAttrs(ctx, []string{"a", "n"}))
		edgesAre(t, store, geometry.Roi{}, []string{"a", "n", "b"}, edge(1, 2, absent, absent, 2))
	}
	write(4)
	edgesAre(t, store, geometry.Roi{}, []string{"a", "n", "b"}, edge(1, 2, 1, 1, 3))
	must(t, store.ClearEdgeAttrs(ctx, []string{"n", "b", "a"}))
	edgesAre(t, store, geometry.Roi{}, nil)
	write(6)
	edgesAre(t, store, geometry.Roi{}, []string{"a", "n", "b"}, edge(1, 2, 1, 1, 6))
}

// testPartialsShuffled writes shares whose sum depends on the order of addition, in any order, at once, several times
// and with other shares before: the end is that of the blocks in order, to the bit.
func testPartialsShuffled(t *testing.T, s suite) {
	const blocks, fragments = 30, 14
	ctx := context.Background()
	store, scores := s.counted(t)
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func() (shares []graph.Partial) {
		for u := range int64(fragments) {
			for v := u + 1; v < fragments; v++ {
				if rng.IntN(3) > 0 {
					shares = append(shares, share(u, v, math.Exp(20*rng.Float64()), float64(1+rng.IntN(9)), rng.Float64(), float64(rng.IntN(2))))
				}
			}
		}
		rng.Shuffle(len(shares), func(i, j int) { shares[i], shares[j] = shares[j], shares[i] })
		return shares
	}
	type end struct{ sum, count [2]float64 }
	ends := map[[2]int64]*end{}
	var group sync.WaitGroup
	for block := range int64(blocks) {
		early, last := draw(), draw()
		for _, p := range last {
			key := [2]int64{p.U, p.V}
			if ends[key] == nil {
				ends[key] = &end{}
			}
			for i, n := range p.Count {
				if n > 0 {
					ends[key].sum[i] += p.Sum[i]
					ends[key].count[i] += float64(n)
				}
			}
		}
		group.Go(func() {
			for _, shares := range [][]graph.Partial{early, last, last} {
				check(t, store.WritePartials(ctx, writer, graph.Partials{Block: block, Scores: scores, Pairs: shares}))
			}
		})
	}
	group.Wait()
	var want []graph.Edge
	for key, e := range ends {
		b := absent
		if e.count[1] > 0 {
			b = e.sum[1] / e.count[1]
		}
		want = append(want, edge(key[0], key[1], e.sum[0]/e.count[0], e.count[0], b))
	}
	edgesAre(t, store, geometry.Roi{}, []string{"a", "n", "b"}, want...)
}
