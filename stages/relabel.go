package stages

import (
	"context"

	"volara/geometry"
	"volara/graph"
	"volara/kernels"
	"volara/nd"
)

// Relabel maps fragment ids to segment ids by a look-up table; ids that are not in it are kept. Fields and defaults are
// Volara's.
type Relabel struct {
	Shared

	FragsData Dataset             `json:"frags_data" config:"required"`
	SegData   Dataset             `json:"seg_data" config:"required"`
	LUT       LUT                 `json:"lut" config:"required"`
	BlockSize geometry.Coordinate `json:"block_size" config:"required"` // voxels
}

// Common returns the fields that every task has.
func (t *Relabel) Common() *Shared { return &t.Shared }

// DefaultName is Volara's task name.
func (t *Relabel) DefaultName() string { return t.SegData.Name() + "-" + t.Shared.TaskType }

// Bind declares fragments and table as inputs, segments as output.
func (t *Relabel) Bind(b *Binder) {
	b.ReadArray("frags_data", &t.FragsData, TypeLabels)
	b.LUT("lut", &t.LUT, false)
	b.WriteArray("seg_data", &t.SegData, TypeLabels)
}

// Plan tiles the fragments' extent; the segments take its voxel size and offset.
func (t *Relabel) Plan(ctx context.Context, in *Specs) (*Plan, error) {
	if err := t.Shared.check(geometry.FitShrink); err != nil {
		return nil, err
	}
	frags, err := in.Array(ctx, &t.FragsData)
	if err != nil {
		return nil, &FieldError{"frags_data", err}
	}
	if err := checkLabels("frags_data", frags); err != nil {
		return nil, err
	}
	if err := checkVector("block_size", t.BlockSize, frags.Dims(), 1); err != nil {
		return nil, err
	}
	if !in.PlannedLUT(t.LUT.Path) {
		if _, err := graph.ReadLUT(t.LUT.Path); err != nil {
			return nil, &FieldError{"lut", orMissing(t.LUT.Path, err)}
		}
	}
	p := &Plan{VoxelSize: frags.VoxelSize}
	zero := geometry.Fill(frags.Dims(), 0)
	if p.Grid, p.Region, err = t.Shared.tile(frags.ROI(), frags.Region, frags.VoxelSize, t.BlockSize, zero, zero); err != nil {
		return nil, err
	}
	segs, err := outputSpec(ctx, frags, &t.SegData, p.Grid, t.BlockSize, nd.Uint64)
	if err != nil {
		return nil, &FieldError{"seg_data", err}
	}
	segs.Region, segs.Grid = p.Region, nil // segments cross blocks
	p.Arrays = map[string]ArraySpec{"seg_data": segs}
	p.BlockMemory = readShape(p.Grid, p.VoxelSize).Prod() * int64(2*8+frags.Scratch+chunkBuffers)
	return p, nil
}

// Init creates the segments array.
func (t *Relabel) Init(ctx context.Context, env *Env) error {
	return createArray(ctx, env, env.Plan.Arrays["seg_data"])
}

// Drop removes the segments.
func (t *Relabel) Drop(ctx context.Context, _ *Env) error { return dropArray(ctx, &t.SegData) }

// Open reads the table and opens the arrays for one worker.
func (t *Relabel) Open(ctx context.Context, env *Env) (Processor, error) {
	lut, err := graph.ReadLUT(t.LUT.Path)
	if err != nil {
		return nil, err
	}
	from, to := make([]uint64, len(lut.Fragments)), make([]uint64, len(lut.Segments))
	for i := range from {
		from[i], to[i] = uint64(lut.Fragments[i]), uint64(lut.Segments[i])
	}
	p := &relabel{Relabel: t, lookup: kernels.NewLookup(from, to)}
	if p.frags, err = openInput(ctx, &t.FragsData, env); err != nil {
		return nil, err
	}
	p.segs, err = openOutput(ctx, &t.SegData, env)
	return p, err
}

type relabel struct {
	*Relabel
	frags, segs *openArray
	lookup      *kernels.Lookup
}

func (p *relabel) Close() error { return closeAll(p.frags, p.segs) }

// Process maps the ids of one block.
func (p *relabel) Process(ctx context.Context, b geometry.Block) (t Timings, err error) {
	watch := startWatch()
	frags, err := p.frags.read(ctx, b.WriteROI)
	watch.lap(&t.Read)
	if err != nil {
		return t, err
	}
	labels, err := asLabels(frags)
	if err != nil {
		return t, err
	}
	segs := nd.New(nd.Uint64, frags.Shape()...)
	p.lookup.Apply(nd.Values[uint64](segs), labels)
	watch.lap(&t.Compute)
	err = p.segs.write(ctx, b.WriteROI, segs)
	watch.lap(&t.Write)
	return t, err
}
