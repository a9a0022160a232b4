package pipeline

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"volara/geometry"
	"volara/kernels"
	"volara/stages"
)

// A Score compares a segmentation with ground truth over the voxels whose ground truth is not 0.
type Score struct {
	Voxels           uint64  `json:"voxels"`
	Split            float64 `json:"voi_split"` // H(SEG|GT) in bits: grows with over-segmentation
	Merge            float64 `json:"voi_merge"` // H(GT|SEG) in bits: grows with wrong merges
	VOI              float64 `json:"voi"`       // Split + Merge
	AdaptedRandError float64 `json:"adapted_rand_error"`
}

// Evaluate compares two label arrays where their extents overlap, exactly, reading slabs with the given number of
// workers. The arrays need the same voxel size.
func Evaluate(ctx context.Context, segPath, gtPath string, workers int) (Score, error) {
	seg, err := stages.OpenLabels(ctx, segPath)
	if err != nil {
		return Score{}, &InputError{err}
	}
	defer seg.Close()
	gt, err := stages.OpenLabels(ctx, gtPath)
	if err != nil {
		return Score{}, &InputError{err}
	}
	defer gt.Close()
	common, err := seg.Overlap(gt)
	if err != nil {
		return Score{}, &InputError{err}
	}
	grid, err := slabs(common, seg.Spec)
	if err != nil {
		return Score{}, err
	}
	tables := make([]*kernels.Contingency, max(1, workers))
	group, ctx := errgroup.WithContext(ctx)
	for w := range tables {
		tables[w] = kernels.NewContingency()
		group.Go(func() error {
			for i := int64(w); i < grid.Len(); i += int64(len(tables)) {
				if err := compare(ctx, tables[w], seg, gt, grid.At(i).WriteROI); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Score{}, err
	}
	for _, t := range tables[1:] {
		tables[0].Absorb(t)
	}
	t := tables[0]
	if t.Voxels() == 0 {
		return Score{}, inputErrorf("%s is 0 everywhere in %v: there is nothing to compare with", gtPath, common)
	}
	return Score{Voxels: t.Voxels(), Split: t.Split(), Merge: t.Merge(), VOI: t.Split() + t.Merge(), AdaptedRandError: t.AdaptedRandError()}, nil
}

func compare(ctx context.Context, t *kernels.Contingency, seg, gt *stages.Labels, roi geometry.Roi) error {
	s, err := seg.Read(ctx, roi)
	if err != nil {
		return err
	}
	g, err := gt.Read(ctx, roi)
	if err != nil {
		return err
	}
	t.Add(s, g)
	return nil
}

// slabs cuts a region into whole chunks of about 8 million voxels.
func slabs(region geometry.Roi, spec stages.ArraySpec) (geometry.Grid, error) {
	block := geometry.Coordinate(spec.Chunks).Clone()
	shape := region.Shape.Div(spec.VoxelSize)
	for d := len(block) - 1; d >= 0; d-- {
		for block[d] < shape[d] && block.Prod() < 8<<20 {
			block[d] *= 2
		}
	}
	zero := geometry.Fill(len(block), 0)
	grid, err := geometry.NewGrid(region, block.Mul(spec.VoxelSize), zero, zero, geometry.FitShrink)
	if err != nil {
		return grid, fmt.Errorf("cut %v into slabs: %w", region, err)
	}
	return grid, nil
}
