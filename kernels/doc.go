// Package kernels is the pure numeric code of the program: mutex watershed, region adjacency statistics, connected
// components, relabelling, filters and segmentation metrics, in 1 to 5 dimensions.
//
// A kernel works on plain slices and a shape, in C order (slowest axis first, channels before space). The destination
// comes first and is allocated by the caller. Nothing here does I/O, logs, keeps state between calls or knows of world
// units; randomness comes in as a *rand.Rand. Kernels panic on programmer error only (lengths that do not fit a
// shape). Distinct calls may run at the same time as long as they do not share a destination.
//
//	kernels.MutexWatershed(fragments, affinities, shape, kernels.MutexWatershedParams{
//		Offsets: [][]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 8, 0}},
//		Bias:    []float64{-0.4, -0.4, -0.4, -0.7},
//	})
package kernels
