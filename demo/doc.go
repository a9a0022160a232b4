// Package demo makes a synthetic piece of neuropil whose segmentation is known, and pictures of what was done with it.
//
// Labels grows branching neurites that fill the volume and touch each other; Raw paints them as an electron microscope
// would show them; Affinities says, noisily, which voxels belong together. All three are pure functions of their
// arguments: the same seed gives the same bytes, on any number of cores. Write stores the three as a zarr group with a
// commented pipeline beside it, and Pictures draws what went in and what came out.
//
//	labels, err := demo.Labels([]int{128, 256, 256}, geometry.Coordinate{40, 16, 16}, 1)
//	raw, err := demo.Raw(labels, geometry.Coordinate{40, 16, 16}, 1)
//	affs := demo.Affinities(labels, demo.DefaultAffinities(geometry.Coordinate{40, 16, 16}, 1))
//
// Affinities that were made from labels prove that the plumbing works, not that a network would have found them.
package demo
