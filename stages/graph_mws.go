package stages

import (
	"context"
	"math"

	"volara/geometry"
	"volara/graph"
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
	if err := t.Shared.check(geometry.FitShrink); err != nil {
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

// Init has nothing to create, for the table is written whole.
func (t *GraphMWS) Init(ctx context.Context, env *Env) error { return takeLUT(ctx, env, t.LUT.Path) }

// Drop removes the table.
func (t *GraphMWS) Drop(_ context.Context, _ *Env) error { return removeLUT(t.LUT.Path) }
