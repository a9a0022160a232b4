package stages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/kernels"
)

// Open opens the graph for one worker.
func (t *GraphMWS) Open(ctx context.Context, env *Env) (Processor, error) {
	rag, err := env.Graphs.Open(ctx, t.DB.Path)
	return &graphMWS{GraphMWS: t, env: env, rag: rag}, err
}

type graphMWS struct {
	*GraphMWS
	env *Env
	rag graph.Store
}

func (p *graphMWS) Close() error { return nil }

// Process clusters the graph of the block and writes the table.
func (p *graphMWS) Process(ctx context.Context, b geometry.Block) (t Timings, err error) {
	watch := startWatch()
	edges, start, err := p.read(ctx, b)
	watch.lap(&t.Read)
	if err != nil {
		return t, err
	}
	lut := p.cluster(edges, start)
	watch.lap(&t.Compute)
	err = p.write(ctx, lut)
	watch.lap(&t.Write)
	return t, err
}

// blank writes the table of a graph without edges.
func (p *graphMWS) blank(ctx context.Context) error {
	start, err := p.start()
	if err != nil {
		return err
	}
	return p.write(ctx, p.cluster(nil, start))
}

func (p *graphMWS) write(ctx context.Context, lut *graph.LUT) error {
	ctx = guardLUT(p.LUT.Path, p.env.Generation).context(ctx)
	err := lut.WriteAs(ctx, p.LUT.Path, p.env.Generation)
	if err == nil {
		err = markLUT(ctx, p.LUT.Path, p.env.Marker)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.LUT.Path, err)
	}
	return nil
}

// start reads the starting table; nil when there is none.
func (p *graphMWS) start() (*graph.LUT, error) {
	if p.StartingLUT == nil {
		return nil, nil
	}
	return graph.ReadLUT(p.StartingLUT.Path)
}

// A scoredEdge is one edge of one weighted attribute, or of their sum.
type scoredEdge struct {
	u, v   int64
	weight int // its place in the order of weights
	score  float64
}

func (p *graphMWS) read(ctx context.Context, b geometry.Block) ([]scoredEdge, *graph.LUT, error) {
	start, err := p.start()
	if err != nil {
		return nil, nil, err
	}
	roi := b.WriteROI
	if !p.bounded() {
		roi = geometry.Roi{}
	}
	var edges []scoredEdge
	for e, err := range p.rag.Edges(ctx, roi, p.attrs()) {
		if err != nil {
			return nil, nil, fmt.Errorf("read edges of %s: %w", p.DB.Path, err)
		}
		edges = p.score(edges, e)
	}
	for _, e := range edges {
		if math.IsInf(e.score, 0) {
			return nil, nil, fault.Permanent(fmt.Errorf("%s: the score of edge %d, %d is not finite", p.DB.Path, e.u, e.v))
		}
	}
	return edges, start, nil
}

// score appends an edge's scores: one for each attribute present, or their sum.
func (p *graphMWS) score(edges []scoredEdge, e graph.Edge) []scoredEdge {
	sum := 0.0
	for i, w := range p.Weights {
		if graph.IsAbsent(e.Values[i]) {
			continue
		}
		s := w.Factor*e.Values[i] + w.Bias
		if p.perAttr() {
			edges = append(edges, scoredEdge{e.U, e.V, i, s})
		}
		sum += s
	}
	if !p.perAttr() {
		edges = append(edges, scoredEdge{e.U, e.V, 0, sum})
	}
	return edges
}

func (t *GraphMWS) perAttr() bool { return t.EdgePerAttr == nil || *t.EdgePerAttr }

// cluster returns the table: every fragment that has an edge, or a starting group, with the smallest fragment of its
// segment.
func (p *graphMWS) cluster(scored []scoredEdge, start *graph.LUT) *graph.LUT {
	slices.SortFunc(scored, func(a, b scoredEdge) int {
		return cmp.Or(cmp.Compare(math.Abs(b.score), math.Abs(a.score)), cmp.Compare(a.weight, b.weight),
			cmp.Compare(a.u, b.u), cmp.Compare(a.v, b.v))
	})
	ids := fragmentIDs(scored, start)
	index := func(id int64) int32 {
		i, _ := slices.BinarySearch(ids, id)
		return int32(i)
	}
	lut := &graph.LUT{Fragments: ids, Segments: make([]int64, len(ids)), Edges: make([]graph.LUTEdge, len(scored))}
	edges := make([]kernels.SignedEdge, len(scored))
	for i, e := range scored {
		edges[i] = kernels.SignedEdge{U: index(e.u), V: index(e.v), Score: e.score}
		lut.Edges[i] = graph.LUTEdge{Merge: e.score > 0, U: e.u, V: e.v}
	}
	for i, root := range kernels.ClusterSignedGraph(len(ids), edges, startingGroups(start, index)) {
		lut.Segments[i] = ids[root]
	}
	return lut
}

// fragmentIDs returns the ids of the fragments that take part, sorted.
func fragmentIDs(scored []scoredEdge, start *graph.LUT) []int64 {
	ids := make([]int64, 0, 2*len(scored))
	for _, e := range scored {
		ids = append(ids, e.u, e.v)
	}
	if start != nil {
		ids = append(ids, start.Fragments...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// startingGroups returns the pairs of fragments that the starting table has joined.
func startingGroups(start *graph.LUT, index func(int64) int32) [][2]int32 {
	if start == nil {
		return nil
	}
	first := map[int64]int64{}
	var joined [][2]int32
	for i, f := range start.Fragments {
		s := start.Segments[i]
		if g, ok := first[s]; ok {
			joined = append(joined, [2]int32{index(g), index(f)})
		} else {
			first[s] = f
		}
	}
	return joined
}
