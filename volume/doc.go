// Package volume looks at what is stored at a path: what kind of thing it is (an array, an image of several levels, a
// group, a plate), what a person asks of it, its checksum and its statistics. It reads and never writes.
//
//	node, err := volume.Find(ctx, "volume.zarr/raw")
//	info, err := volume.Describe(ctx, node, volume.DescribeOptions{Count: true})
//
// Boxes are in voxels and cover all axes of an array, in its own order. Large arrays are read in blocks of whole
// stored chunks, several at once, with a bound on the memory they take together.
//
// Mistakes of whoever gave the path or the box are *InputError; what else goes wrong while voxels are read is not.
package volume
