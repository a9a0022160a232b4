package stages

import (
	"context"
	"maps"
	"slices"

	"volara/geometry"
	"volara/graph"
)

// AffAgglom writes the edges of the region adjacency graph: for every pair of touching fragments the mean affinity over
// the voxel pairs between them, once for each named group of offsets. Fields and defaults are Volara's.
type AffAgglom struct {
	Shared

	DB        DB                               `json:"db" config:"required"`
	AffsData  Dataset                          `json:"affs_data" config:"required"`
	FragsData Dataset                          `json:"frags_data" config:"required"`
	BlockSize geometry.Coordinate              `json:"block_size" config:"required"` // voxels
	Context   geometry.Coordinate              `json:"context,omitempty"`            // voxels; default: the largest offset
	Scores    map[string][]geometry.Coordinate `json:"scores" config:"required"`
	BulkWrite bool                             `json:"bulk_write,omitempty"` // accepted; writes are always batched

	partial bool // set by Plan: fragments may cross blocks, which contribute sums and counts; see onOwnGrid
}

// Common returns the fields that every task has.
func (t *AffAgglom) Common() *Shared { return &t.Shared }

// DefaultName is Volara's task name.
func (t *AffAgglom) DefaultName() string { return t.DB.ID() + "-" + t.Shared.TaskType }

// Bind declares affinities, fragments and graph nodes as inputs, one edge attribute a score as outputs.
func (t *AffAgglom) Bind(b *Binder) {
	b.ReadArray("affs_data", &t.AffsData, TypeAffs)
	b.ReadArray("frags_data", &t.FragsData, TypeLabels)
	b.Nodes("db", &t.DB, false)
	b.EdgeAttrs("db", &t.DB, t.columns(), true, false)
}

// scoreNames returns the scores in the order in which they are computed.
func (t *AffAgglom) scoreNames() []string { return slices.Sorted(maps.Keys(t.Scores)) }

// columns returns the edge attributes written: a score's mean, and its pair count where <name>__size is declared.
func (t *AffAgglom) columns() []string {
	var columns []string
	for _, name := range t.scoreNames() {
		columns = append(columns, name)
		if _, ok := t.DB.EdgeAttrs[name+sizeSuffix]; ok {
			columns = append(columns, name+sizeSuffix)
		}
	}
	return columns
}

// Details tells what determines the edges and the task's own fields do not show: the attributes written.
func (t *AffAgglom) Details() []string { return t.columns() }

// sizeSuffix marks the edge attribute that holds a score's number of voxel pairs.
const sizeSuffix = "__size"

// Plan tiles the fragments' extent.
func (t *AffAgglom) Plan(ctx context.Context, in *Specs) (*Plan, error) {
	if err := t.Shared.check(geometry.FitShrink); err != nil {
		return nil, err
	}
	affs, err := in.Array(ctx, &t.AffsData)
	if err != nil {
		return nil, &FieldError{"affs_data", err}
	}
	frags, err := in.Array(ctx, &t.FragsData)
	if err != nil {
		return nil, &FieldError{"frags_data", err}
	}
	largest, err := t.check(affs, frags)
	if err != nil {
		return nil, err
	}
	p := &Plan{VoxelSize: frags.VoxelSize}
	if t.Context == nil {
		t.Context = largest
	} else if !t.Context.Min(largest).Equal(largest) {
		p.warnf("context %v is smaller than the largest offset %v: pairs that reach further are not counted, as in Volara", t.Context, largest)
	}
	if p.Grid, p.Region, err = t.Shared.tile(frags.ROI(), frags.Region, frags.VoxelSize, t.BlockSize, t.Context, t.Context); err != nil {
		return nil, err
	}
	rag, err := t.graphSpec(ctx, in, frags, p)
	if err != nil {
		return nil, err
	}
	p.Graphs = map[string]GraphSpec{"db": rag}
	voxel := len(t.AffsData.Neighborhood)*int(affs.voxelBytes()) + 8 + frags.Scratch + chunkBuffers
	if t.partial = !onOwnGrid(frags, rag, p.Grid); t.partial {
		voxel += affs.DType.Size() + 8 // of one offset at a time
		t.widen(p, frags)
	}
	p.BlockMemory = readShape(p.Grid, p.VoxelSize).Prod() * int64(voxel)
	return p, nil
}

func (t *AffAgglom) check(affs, frags ArraySpec) (largest geometry.Coordinate, err error) {
	if err := checkAffinities(&t.AffsData, affs); err != nil {
		return nil, err
	}
	if err := checkLabels("frags_data", frags); err != nil {
		return nil, err
	}
	if err := checkSameVoxels("frags_data", frags, affs); err != nil {
		return nil, err
	}
	n := frags.Dims()
	if err := checkVector("block_size", t.BlockSize, n, 1); err != nil {
		return nil, err
	}
	if t.Context != nil {
		if err := checkVector("context", t.Context, n, 0); err != nil {
			return nil, err
		}
	}
	if len(t.Scores) == 0 {
		return nil, fieldErrorf("scores", "is empty; at least one named group of offsets is needed")
	}
	largest = geometry.Fill(n, 0)
	for _, name := range t.scoreNames() {
		if err := t.checkColumns(name); err != nil {
			return nil, &FieldError{"scores", err}
		}
		if len(t.Scores[name]) == 0 {
			return nil, fieldErrorf("scores", "%s has no offsets", name)
		}
		for _, o := range t.Scores[name] {
			if !containsOffset(t.AffsData.Neighborhood, o) {
				return nil, fieldErrorf("scores", "offset %v of %s is not in the neighborhood %v", o, name, t.AffsData.Neighborhood)
			}
			largest = largest.Max(o).Max(o.Neg())
		}
	}
	return largest, nil
}

// checkColumns demands that the edge attributes of a score can hold a mean and a count.
func (t *AffAgglom) checkColumns(score string) error {
	if err := t.DB.declaresNumber(score, graph.Float); err != nil {
		return err
	}
	if _, ok := t.DB.EdgeAttrs[score+sizeSuffix]; ok {
		return t.DB.declaresNumber(score+sizeSuffix, graph.Int, graph.Float)
	}
	return nil
}

func (t *AffAgglom) graphSpec(ctx context.Context, in *Specs, frags ArraySpec, p *Plan) (GraphSpec, error) {
	schema, err := t.DB.Schema()
	if err != nil {
		return GraphSpec{}, err
	}
	rag, err := in.Graph(ctx, &t.DB)
	if err != nil {
		return GraphSpec{}, &FieldError{"db", orMissing(t.DB.Path, err)}
	}
	if schema.Dims != frags.Dims() {
		return GraphSpec{}, fieldErrorf("db", "the graph has ndim %d, the fragments %d spatial axes", schema.Dims, frags.Dims())
	}
	rag.Schema = schema
	rag.Schema.Total = p.Grid.Total()
	return rag, nil
}

// sameTiles reports whether two grids cut space at the same places.
func sameTiles(a, b geometry.Grid) bool {
	return a.Total().Equal(b.Total()) && a.BlockShape().Equal(b.BlockShape())
}

// Init adds the edge attributes to the graph and voids what an earlier generation wrote there.
func (t *AffAgglom) Init(ctx context.Context, env *Env) error {
	return initGraph(ctx, env, &t.DB, func(ctx context.Context, s graph.Store) error {
		if err := t.clear(ctx, s); err != nil {
			return err
		}
		return t.remember(ctx, s, env)
	})
}

// Drop removes this task's edge attributes; edges with no attribute left go.
func (t *AffAgglom) Drop(ctx context.Context, env *Env) error {
	return dropGraph(ctx, env, &t.DB, t.clear)
}

func (t *AffAgglom) clear(ctx context.Context, s graph.Store) error {
	return s.ClearEdgeAttrs(ctx, t.columns())
}
