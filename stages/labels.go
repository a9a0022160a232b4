package stages

import (
	"context"
	"fmt"

	"volara/geometry"
	"volara/zarr"
	"volara/zarr/lazy"
)

// Labels is an open array of labels, read by region of the world. It is safe for concurrent reads.
type Labels struct {
	Spec ArraySpec
	open *openArray
}

// OpenLabels opens an integer array without channels.
func OpenLabels(ctx context.Context, path string) (*Labels, error) {
	array, err := zarr.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	spec, err := SpecOf(array, &Dataset{Store: path})
	if err == nil {
		err = checkLabels(path, spec)
	}
	if err != nil {
		array.Close()
		return nil, err
	}
	return &Labels{spec, &openArray{array: array, source: lazy.Array{Source: array}, spec: spec}}, nil
}

// Read returns the labels of a region in C order; outside the array they are 0.
func (l *Labels) Read(ctx context.Context, roi geometry.Roi) ([]uint64, error) {
	a, err := l.open.read(ctx, roi)
	if err != nil {
		return nil, err
	}
	labels, err := asLabels(a)
	if err != nil {
		return nil, fmt.Errorf("%s, region %v: %w", l.Spec.Path, roi, err)
	}
	return labels, nil
}

// Overlap returns the region that both arrays cover; they must lie on the same voxels.
func (l *Labels) Overlap(o *Labels) (geometry.Roi, error) {
	if err := checkSameVoxels(l.Spec.Path, l.Spec, o.Spec); err != nil {
		return geometry.Roi{}, err
	}
	common := l.Spec.ROI().Intersect(o.Spec.ROI())
	if common.Empty() {
		return common, fmt.Errorf("%s covers %v and %s %v: they do not overlap", l.Spec.Path, l.Spec.ROI(), o.Spec.Path, o.Spec.ROI())
	}
	return common, nil
}

// Close releases the array.
func (l *Labels) Close() error { return l.open.array.Close() }
