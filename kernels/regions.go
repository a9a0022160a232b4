package kernels

import "volara/nd"

// RegionStats describes the voxels of one label. Of a label that does not occur, Size is 0, Min the shape and Max −1.
type RegionStats struct {
	Size int64
	// Sum is the sum of the voxels' coordinates along each axis: the centroid is Sum/Size.
	Sum []int64
	// Min and Max are the first and last coordinates along each axis, both inclusive.
	Min, Max []int
}

// Regions returns the statistics of labels 1 to n; label k is at k−1. Label 0 is skipped; no label may exceed n.
func Regions(labels []uint64, shape []int, n int) []RegionStats {
	mustFit("labels", len(labels), nd.Len(shape))
	regions := newRegions(shape, n)
	if len(labels) == 0 {
		return regions
	}
	last := len(shape) - 1
	width, at := shape[last], make([]int, last)
	for start := 0; start < len(labels); start += width {
		row := labels[start : start+width]
		for i := 0; i < width; {
			label, from := row[i], i
			for i++; i < width && row[i] == label; i++ {
			}
			if label != 0 {
				regions[label-1].add(at, from, i-1)
			}
		}
		for d := last - 1; d >= 0; d-- {
			if at[d]++; at[d] < shape[d] {
				break
			}
			at[d] = 0
		}
	}
	return regions
}

func newRegions(shape []int, n int) []RegionStats {
	ndim := len(shape)
	regions := make([]RegionStats, n)
	sums, bounds := make([]int64, n*ndim), make([]int, 2*n*ndim)
	for i := range regions {
		r := &regions[i]
		r.Sum, sums = sums[:ndim:ndim], sums[ndim:]
		r.Min, bounds = bounds[:ndim:ndim], bounds[ndim:]
		r.Max, bounds = bounds[:ndim:ndim], bounds[ndim:]
		copy(r.Min, shape)
		for d := range r.Max {
			r.Max[d] = -1
		}
	}
	return regions
}

// add adds the voxels from to to, inclusive, of the row at.
func (r *RegionStats) add(at []int, from, to int) {
	n, last := int64(to-from+1), len(at)
	r.Size += n
	for d, x := range at {
		r.Sum[d] += n * int64(x)
		r.Min[d], r.Max[d] = min(r.Min[d], x), max(r.Max[d], x)
	}
	r.Sum[last] += n * int64(from+to) / 2
	r.Min[last], r.Max[last] = min(r.Min[last], from), max(r.Max[last], to)
}

// MeanPerLabel returns, for labels 0 to n at their own index, the mean of the given channels of affs (channel first,
// one voxel for each label) over the label's voxels; of uint8 in 0 to 1. It is NaN for a label that does not occur.
func MeanPerLabel[T Affinity](labels []uint64, n int, affs []T, channels []int) []float64 {
	sum, count := make([]float64, n+1), make([]int64, n+1)
	for _, c := range channels {
		for i, v := range affs[c*len(labels) : (c+1)*len(labels)] {
			sum[labels[i]] += float64(v)
		}
	}
	for _, label := range labels {
		count[label]++
	}
	scale := float64(len(channels))
	if _, ok := any(affs).([]uint8); ok {
		scale *= 255
	}
	for k := range sum {
		sum[k] /= scale * float64(count[k])
	}
	return sum
}

// Remove sets to 0 the voxels whose label is marked in drop, which is indexed by label.
func Remove(labels []uint64, drop []bool) {
	for i, label := range labels {
		if drop[label] {
			labels[i] = 0
		}
	}
}
