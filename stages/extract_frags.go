package stages

import (
	"context"
	"fmt"
	"math"
	"slices"

	"volara/geometry"
	"volara/kernels"
	"volara/nd"
)

// ExtractFrags makes supervoxels (fragments) from affinities by mutex watershed, block by block with context, and
// writes one graph node a fragment. Fields and defaults are Volara's.
type ExtractFrags struct {
	Shared

	DB        DB                  `json:"db" config:"required"`
	AffsData  Dataset             `json:"affs_data" config:"required"`
	FragsData Dataset             `json:"frags_data" config:"required"`
	BlockSize geometry.Coordinate `json:"block_size" config:"required"` // voxels
	Context   geometry.Coordinate `json:"context" config:"required"`    // voxels, on both sides

	Bias              []float64             `json:"bias" config:"required"` // one an offset
	Strides           []geometry.Coordinate `json:"strides,omitempty"`      // one an offset
	RandomizedStrides bool                  `json:"randomized_strides,omitempty"`
	Sigma             []float64             `json:"sigma,omitempty"` // voxels
	NoiseEps          *float64              `json:"noise_eps,omitempty"`
	FilterFragments   float64               `json:"filter_fragments,omitempty"`
	RemoveDebris      int64                 `json:"remove_debris,omitempty"` // voxels
	MinExtent         geometry.Coordinate   `json:"min_extent,omitempty"`    // voxels

	MinSeedDistance      any  `json:"min_seed_distance,omitempty"`
	AdaptiveSeedSpacing  any  `json:"adaptive_seed_spacing,omitempty"`
	BoundaryMaskOffsets  any  `json:"boundary_mask_offsets,omitempty"`
	SeedEps              any  `json:"seed_eps,omitempty"`
	MaxSeedDecayDistance any  `json:"max_seed_decay_distance,omitempty"`
	Voronoi              any  `json:"voronoi,omitempty"`
	BulkWrite            bool `json:"bulk_write,omitempty"` // accepted; writes are always batched
}

// Common returns the fields that every task has.
func (t *ExtractFrags) Common() *Shared { return &t.Shared }

// DefaultName is Volara's task name.
func (t *ExtractFrags) DefaultName() string { return t.FragsData.Name() + "-" + t.Shared.TaskType }

// Bind declares affinities as input, fragments and graph nodes as outputs.
func (t *ExtractFrags) Bind(b *Binder) {
	b.ReadArray("affs_data", &t.AffsData, TypeAffs)
	b.WriteArray("frags_data", &t.FragsData, TypeLabels)
	b.Nodes("db", &t.DB, true)
}

// Plan tiles the affinities' extent; the fragments take its voxel size and offset.
func (t *ExtractFrags) Plan(ctx context.Context, in *Specs) (*Plan, error) {
	if err := t.Shared.check(geometry.FitShrink); err != nil {
		return nil, err
	}
	if err := t.checkSeeding(); err != nil {
		return nil, err
	}
	affs, err := in.Array(ctx, &t.AffsData)
	if err != nil {
		return nil, &FieldError{"affs_data", err}
	}
	if err := t.check(affs); err != nil {
		return nil, err
	}
	mask, err := t.Shared.maskSpec(ctx, in, affs.Dims())
	if err != nil {
		return nil, err
	}
	grid, region, err := t.Shared.tile(affs.ROI(), affs.Region, affs.VoxelSize, t.BlockSize, t.Context, t.Context)
	if err != nil {
		return nil, err
	}
	blockVoxels, ok := product(t.BlockSize, math.MaxInt64/grid.Len())
	if !ok {
		return nil, fieldErrorf("block_size", "%d blocks of %v voxels give fragment ids beyond 63 bits; make blocks smaller", grid.Len(), t.BlockSize)
	}
	p := &Plan{Grid: grid, Region: region, VoxelSize: affs.VoxelSize, BlockVoxels: blockVoxels, Warnings: affs.Warnings}
	if n := readShape(grid, affs.VoxelSize).Prod(); n > kernels.MaxMutexEdges/int64(len(t.AffsData.Neighborhood)) {
		return nil, fieldErrorf("block_size", "a block with context has %d voxels and %d offsets; together at most %d edges are possible: make blocks smaller",
			n, len(t.AffsData.Neighborhood), kernels.MaxMutexEdges)
	}
	frags, err := outputSpec(ctx, affs, &t.FragsData, grid, t.BlockSize, nd.Uint64)
	if err != nil {
		return nil, &FieldError{"frags_data", err}
	}
	schema, err := t.DB.Schema()
	if err != nil {
		return nil, err
	}
	if schema.Dims != affs.Dims() {
		return nil, fieldErrorf("db", "the graph has ndim %d, the affinities %d spatial axes; set ndim: %d", schema.Dims, affs.Dims(), affs.Dims())
	}
	schema.Total = grid.Total()
	frags.Region = region
	p.Arrays = map[string]ArraySpec{"frags_data": frags}
	p.Graphs = map[string]GraphSpec{"db": {Schema: schema, Extent: grid.Total(), Region: region, BlockVoxels: p.BlockVoxels, Grid: &grid}}
	p.BlockMemory = t.blockMemory(affs, readShape(grid, affs.VoxelSize).Prod(), mask != nil)
	return p, nil
}

// checkSeeding refuses the fields of seeded fragments, whose feature is not built yet, at anything but their defaults.
func (t *ExtractFrags) checkSeeding() error {
	for _, f := range []struct {
		name  string
		value any
	}{
		{"min_seed_distance", t.MinSeedDistance}, {"adaptive_seed_spacing", t.AdaptiveSeedSpacing},
		{"seed_eps", t.SeedEps}, {"max_seed_decay_distance", t.MaxSeedDecayDistance}, {"voronoi", t.Voronoi},
	} {
		if f.value != nil {
			return fieldErrorf(f.name, "seeded fragments are not built yet; leave the field out")
		}
	}
	if t.BoundaryMaskOffsets != nil && t.BoundaryMaskOffsets != "direct" {
		return fieldErrorf("boundary_mask_offsets", "belongs to seeded fragments, which are not built yet; leave it out")
	}
	return nil
}

func (t *ExtractFrags) check(affs ArraySpec) error {
	n := affs.Dims()
	if err := checkAffinities(&t.AffsData, affs); err != nil {
		return err
	}
	offsets := len(t.AffsData.Neighborhood)
	if err := checkVector("block_size", t.BlockSize, n, 1); err != nil {
		return err
	}
	if err := checkVector("context", t.Context, n, 0); err != nil {
		return err
	}
	switch {
	case len(t.Bias) != offsets:
		return fieldErrorf("bias", "has %d values, but the affinities have %d offsets; one an offset is needed", len(t.Bias), offsets)
	case slices.ContainsFunc(t.Bias, func(b float64) bool { return math.IsNaN(b) || math.IsInf(b, 0) }):
		return fieldErrorf("bias", "%v holds a value that is not finite", t.Bias)
	case t.Strides != nil && len(t.Strides) != offsets:
		return fieldErrorf("strides", "has %d entries, but the affinities have %d offsets; one an offset is needed", len(t.Strides), offsets)
	case t.RandomizedStrides && t.Strides == nil:
		return fieldErrorf("randomized_strides", "needs strides; give one an offset, or leave it out")
	case t.Sigma != nil && len(t.Sigma) != n:
		return fieldErrorf("sigma", "has %d values, the data %d axes", len(t.Sigma), n)
	case slices.ContainsFunc(t.Sigma, func(s float64) bool { return !(s >= 0) || math.IsInf(s, 0) }):
		return fieldErrorf("sigma", "%v: every value must be 0 or more", t.Sigma)
	case t.NoiseEps != nil && (!(*t.NoiseEps >= 0) || math.IsInf(*t.NoiseEps, 0)):
		return fieldErrorf("noise_eps", "is %v; 0 or more is needed", *t.NoiseEps)
	case math.IsNaN(t.FilterFragments):
		return fieldErrorf("filter_fragments", "is NaN; the least mean affinity is needed, 0 for none")
	case t.RemoveDebris < 0:
		return fieldErrorf("remove_debris", "is %d; a number of voxels is needed", t.RemoveDebris)
	}
	for d, s := range t.Sigma {
		if widest := t.BlockSize[d] + 2*t.Context[d]; s > float64(widest) {
			return fieldErrorf("sigma", "%v: %v is wider than a block with context, %d voxels along that axis", t.Sigma, s, widest)
		}
	}
	for i, s := range t.Strides {
		if err := checkVector(fmt.Sprintf("strides[%d]", i), s, n, 1); err != nil {
			return err
		}
	}
	if t.MinExtent != nil {
		return checkVector("min_extent", t.MinExtent, n, 0)
	}
	return nil
}

// blockMemory predicts the peak of one block: the affinities as stored, what mutex watershed needs beyond them (measured:
// 70 bytes a voxel for uint8, 130 for wider types, at 9 offsets) and labels.
func (t *ExtractFrags) blockMemory(affs ArraySpec, voxels int64, mask bool) int64 {
	channels := int64(len(t.AffsData.Neighborhood))
	perVoxel := channels*affs.voxelBytes() + 16 + 6*channels
	if affs.DType != nd.Uint8 {
		perVoxel += 6 * channels
	}
	if t.shifted() {
		perVoxel += 16 * channels
	}
	if mask {
		perVoxel += 8
	}
	return voxels * perVoxel
}

// shifted reports whether noise or smoothing changes the affinities before they are compared.
func (t *ExtractFrags) shifted() bool { return t.Sigma != nil || t.NoiseEps != nil }

// Init creates the fragments array and the graph, and voids what an earlier generation wrote to the graph.
func (t *ExtractFrags) Init(ctx context.Context, env *Env) error {
	if err := createArray(ctx, env, env.Plan.Arrays["frags_data"]); err != nil {
		return err
	}
	return initGraph(ctx, env, &t.DB, clearNodes)
}

// Drop removes the fragments and the graph's nodes.
func (t *ExtractFrags) Drop(ctx context.Context, env *Env) error {
	if err := dropArray(ctx, &t.FragsData); err != nil {
		return err
	}
	return dropGraph(ctx, env, &t.DB, clearNodes)
}
