// Package zarr reads and writes zarr arrays, versions 2 and 3, plain or as a level of an OME-Zarr image: boxes of
// voxels in and out of memory, with the world coordinates that funlib.persistence and OME-NGFF give them. It knows
// voxels and axes, nothing of blocks, tasks or what a value means.
//
//	a, err := zarr.Open(ctx, "volume.zarr/raw")
//	block, err := a.Read(ctx, []int{0, 64, 64}, []int{64, 64, 64})
//
//	out, err := zarr.Create(ctx, "volume.zarr/labels", zarr.Spec{
//		Shape: a.Metadata().Shape, Chunks: []int{64, 64, 64}, DType: nd.Uint64,
//	})
//	err = out.Write(ctx, []int{0, 64, 64}, labels)
//
// Axes are in the array's own order (z, y, x; channels first where the file has them first), offsets and shapes are in
// voxels and cover all axes. Voxels outside an array read as 0; voxels inside it that were never written read as the
// array's fill value.
//
// Errors about files name them. What no retry can cure (corrupt metadata or chunks, features that are not supported)
// is marked fault.Permanent; a full disk and its like are marked fault.Environment.
package zarr
