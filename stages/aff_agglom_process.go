package stages

import (
	"context"
	"fmt"
	"math"
	"slices"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/kernels"
	"volara/nd"
)

// Open opens the arrays and the graph for one worker.
func (t *AffAgglom) Open(ctx context.Context, env *Env) (Processor, error) {
	p := &affAgglom{AffAgglom: t, env: env, names: t.scoreNames()}
	var err error
	if p.affs, err = openInput(ctx, &t.AffsData, env); err != nil {
		return nil, err
	}
	t.AffsData.settleNeighborhood(p.affs.spec)
	if p.frags, err = openInput(ctx, &t.FragsData, env); err != nil {
		return nil, err
	}
	p.scoresOf = make([][]int, len(t.AffsData.Neighborhood))
	for c, o := range t.AffsData.Neighborhood {
		for s, name := range p.names {
			if containsOffset(t.Scores[name], o) {
				p.scoresOf[c] = append(p.scoresOf[c], s)
			}
		}
	}
	if p.rag, err = env.Graphs.Open(ctx, t.DB.Path); err != nil {
		return nil, err
	}
	p.partial, err = contributes(ctx, p.rag, env)
	return p, err
}

type affAgglom struct {
	*AffAgglom
	env         *Env
	affs, frags *openArray
	rag         graph.Store
	partial     bool // blocks contribute sums and counts
	names       []string
	scoresOf    [][]int // by offset: the scores it counts for
}

func (p *affAgglom) Close() error { return closeAll(p.affs, p.frags) }

// Process computes the edges of the fragments whose nodes lie in the block's write ROI.
func (p *affAgglom) Process(ctx context.Context, b geometry.Block) (t Timings, err error) {
	watch := startWatch()
	frags, err := p.frags.read(ctx, b.ReadROI)
	if err != nil {
		return t, err
	}
	affs, err := p.affs.read(ctx, b.ReadROI)
	watch.lap(&t.Read)
	if err != nil {
		return t, err
	}
	write, err := p.compute(b, frags, affs)
	watch.lap(&t.Compute)
	if err != nil {
		return t, err
	}
	err = write(ctx, p.env.writer())
	watch.lap(&t.Write)
	return t, err
}

// compute returns what is left to do of a block: the write to the graph.
func (p *affAgglom) compute(b geometry.Block, frags, affs *nd.Array) (func(context.Context, graph.Writer) error, error) {
	labels, err := asLabels(frags)
	if err != nil {
		return nil, err
	}
	if p.partial {
		shares, err := p.shares(b, nd.From(labels, frags.Shape()...), affs)
		return func(ctx context.Context, w graph.Writer) error { return p.rag.WritePartials(ctx, w, shares) }, err
	}
	edges, err := p.edges(b, p.statistics(labels, affs, frags.Shape(), p.AffsData.Neighborhood, p.scoresOf))
	return func(ctx context.Context, w graph.Writer) error { return p.rag.WriteEdges(ctx, w, p.columns(), edges) }, err
}

// statistics runs the kernel on affinities of any type.
func (p *affAgglom) statistics(labels []uint64, affs *nd.Array, shape []int, offsets []geometry.Coordinate, scoresOf [][]int) []kernels.PairStats {
	switch affs.DType() {
	case nd.Uint8:
		return kernels.EdgeStatistics(labels, nd.Values[uint8](affs), shape, ints(offsets), scoresOf, len(p.names))
	case nd.Float32:
		return kernels.EdgeStatistics(labels, nd.Values[float32](affs), shape, ints(offsets), scoresOf, len(p.names))
	}
	return kernels.EdgeStatistics(labels, asFloat64(affs), shape, ints(offsets), scoresOf, len(p.names))
}

// edges returns the edges that are the block's to write: those whose first node lies in it, as its id says, the
// fragments having been made on this task's own grid.
func (p *affAgglom) edges(b geometry.Block, pairs []kernels.PairStats) ([]graph.Edge, error) {
	columns, voxels := p.columns(), p.BlockSize.Prod()
	first, last := uint64(b.Index*voxels)+1, uint64((b.Index+1)*voxels)
	var edges []graph.Edge
	for _, pair := range pairs {
		if pair.U < first || pair.U > last {
			continue
		}
		if err := p.checkNumbers(pair); err != nil {
			return nil, err
		}
		values := make([]float64, 0, len(columns))
		counted := false
		for s, name := range p.names {
			mean, count := graph.Absent, graph.Absent
			if pair.Count[s] > 0 {
				mean, count = pair.Sum[s]/float64(pair.Count[s]), float64(pair.Count[s])
				counted = true
			}
			values = append(values, mean)
			if slices.Contains(columns, name+sizeSuffix) {
				values = append(values, count)
			}
		}
		if counted && pair.V <= math.MaxInt64 {
			edges = append(edges, graph.Edge{U: int64(pair.U), V: int64(pair.V), Values: values})
		}
	}
	return edges, nil
}

// checkNumbers refuses a sum that is no number: in the graph its mean would read as absent.
func (p *affAgglom) checkNumbers(pair kernels.PairStats) error {
	if slices.ContainsFunc(pair.Sum, math.IsNaN) {
		return fault.Permanent(fmt.Errorf("%s holds NaN between fragments %d and %d", p.AffsData.Store, pair.U, pair.V))
	}
	return nil
}
