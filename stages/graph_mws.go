package stages

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"volara/config"
	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/kernels"
)

// GraphMWS clusters the whole graph by mutex watershed into a look-up table from fragments to segments. Fields and
// defaults are Volara's.
type GraphMWS struct {
	Shared

	DB          DB      `json:"db" config:"required"`
	LUT         LUT     `json:"lut" config:"required"`
	StartingLUT *LUT    `json:"starting_lut,omitempty"`
	Weights     Weights `json:"weights" config:"required"`
	EdgePerAttr *bool   `json:"edge_per_attr,omitempty"` // default true
	BoundedRead *bool   `json:"bounded_read,omitempty"`  // default true
	MeanAttrs   any     `json:"mean_attrs,omitempty"`
	OutDB       any     `json:"out_db,omitempty"`
}

// A Weight turns an edge attribute into a score: Factor·attribute + Bias.
type Weight struct {
	Attr         string
	Factor, Bias float64
}

// Weights are written {attribute: [factor, bias], …}; their order breaks ties.
type Weights []Weight

// DecodeNode reads the mapping.
func (w *Weights) DecodeNode(n *config.Node) error {
	if n.Kind() != config.Map {
		return n.Errorf("weights is %v, a mapping {attribute: [weight, bias]} is needed", n.Kind())
	}
	*w = nil
	for attr, value := range n.Fields() {
		var pair [2]float64
		if err := value.Decode(&pair); err != nil {
			return err
		}
		*w = append(*w, Weight{attr, pair[0], pair[1]})
	}
	return nil
}

// MarshalJSON writes what DecodeNode reads.
func (w Weights) MarshalJSON() ([]byte, error) {
	out := []byte("{")
	for i, weight := range w {
		name, err := json.Marshal(weight.Attr)
		if err != nil {
			return nil, err
		}
		pair, err := json.Marshal([2]float64{weight.Factor, weight.Bias})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), pair...)
	}
	return append(out, '}'), nil
}

// Common returns the fields that every task has.
func (t *GraphMWS) Common() *Shared { return &t.Shared }

// DefaultName is Volara's task name.
func (t *GraphMWS) DefaultName() string { return t.LUT.Name() + "-" + t.Shared.TaskType }

// attrs returns the weighted attributes in the order of the weights.
func (t *GraphMWS) attrs() []string {
	names := make([]string, len(t.Weights))
	for i, w := range t.Weights {
		names[i] = w.Attr
	}
	return names
}

func (t *GraphMWS) bounded() bool { return t.BoundedRead == nil || *t.BoundedRead }

// Details tells what determines the table and the configuration as a mapping does not show: the order of the weights.
func (t *GraphMWS) Details() []string { return t.attrs() }

// Bind declares graph and starting table as inputs, the table as output.
func (t *GraphMWS) Bind(b *Binder) {
	b.Nodes("db", &t.DB, false)
	b.EdgeAttrs("db", &t.DB, t.attrs(), false, !t.bounded())
	b.LUT("starting_lut", t.StartingLUT, false)
	b.LUT("lut", &t.LUT, true)
}

// Plan makes one block of the graph's extent, or of what the roi leaves of it.
func (t *GraphMWS) Plan(ctx context.Context, in *Specs) (*Plan, error) {
	if err := t.Shared.check(geometry.FitShrink, false); err != nil {
		return nil, err
	}
	if t.MeanAttrs != nil {
		return nil, fieldErrorf("mean_attrs", "is not built yet; leave it out")
	}
	if t.OutDB != nil {
		return nil, fieldErrorf("out_db", "is not built yet; leave it out")
	}
	if err := t.checkWeights(); err != nil {
		return nil, err
	}
	rag, err := in.Graph(ctx, &t.DB)
	if err != nil {
		return nil, &FieldError{"db", orMissing(t.DB.Path, err)}
	}
	if rag.Extent.Empty() {
		return nil, fieldErrorf("db", "%s has no nodes, and no task of this pipeline writes any", t.DB.Path)
	}
	if t.Shared.VoxelROI != nil {
		return nil, fieldErrorf("roi_voxels", "a graph has no voxels; give roi in world units")
	}
	if t.StartingLUT != nil && !in.PlannedLUT(t.StartingLUT.Path) {
		if _, err := graph.ReadLUT(t.StartingLUT.Path); err != nil {
			return nil, &FieldError{"starting_lut", orMissing(t.StartingLUT.Path, err)}
		}
	}
	region, err := t.region(rag)
	if err != nil {
		return nil, err
	}
	zero := geometry.Fill(region.Dims(), 0)
	grid, err := geometry.NewGrid(region, region.Shape, zero, zero, geometry.FitShrink)
	if err != nil {
		return nil, &FieldError{"roi", err}
	}
	return &Plan{Grid: grid, Region: region, VoxelSize: geometry.Fill(region.Dims(), 1), Global: true,
		Graphs: map[string]GraphSpec{"db": rag}}, nil
}

// region returns the part of the graph to cluster: the roi, snapped outward to the blocks of the nodes' writer where
// the grid is the data's.
func (t *GraphMWS) region(rag GraphSpec) (geometry.Roi, error) {
	region, err := t.Shared.region(rag.Extent, rag.Region, geometry.Fill(rag.Schema.Dims, 1))
	if err != nil {
		return region, err
	}
	if t.Shared.Grid != GridROI && rag.Grid != nil {
		region = rag.Grid.WrittenBy(rag.Grid.Writers(region))
	}
	return region, nil
}

func (t *GraphMWS) checkWeights() error {
	if len(t.Weights) == 0 {
		return fieldErrorf("weights", "is empty; at least one edge attribute with [weight, bias] is needed")
	}
	for _, w := range t.Weights {
		if err := t.DB.declaresNumber(w.Attr, graph.Float, graph.Int); err != nil {
			return &FieldError{"weights", err}
		}
		if sum := math.Abs(w.Factor) + math.Abs(w.Bias); math.IsNaN(sum) || math.IsInf(sum, 0) {
			return fieldErrorf("weights", "%s: [%v, %v] is not finite", w.Attr, w.Factor, w.Bias)
		}
	}
	return nil
}

// Init has nothing to create: the table is written whole.
func (t *GraphMWS) Init(context.Context, *Env) error { return nil }

// Drop removes the table.
func (t *GraphMWS) Drop(_ context.Context, _ *Env) error { return removeLUT(t.LUT.Path) }

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
	if err = ctx.Err(); err == nil { // the block may have been given to another worker meanwhile
		err = lut.Write(p.LUT.Path)
	}
	if err == nil {
		err = markLUT(p.LUT.Path, p.env.Marker)
	}
	watch.lap(&t.Write)
	if err != nil {
		return t, fmt.Errorf("write %s: %w", p.LUT.Path, err)
	}
	return t, nil
}

// A scoredEdge is one edge of one weighted attribute, or of their sum.
type scoredEdge struct {
	u, v   int64
	weight int // its place in the order of weights
	score  float64
}

func (p *graphMWS) read(ctx context.Context, b geometry.Block) ([]scoredEdge, *graph.LUT, error) {
	var start *graph.LUT
	if p.StartingLUT != nil {
		lut, err := graph.ReadLUT(p.StartingLUT.Path)
		if err != nil {
			return nil, nil, err
		}
		start = lut
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
