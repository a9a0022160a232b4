// Package nd holds dense n-dimensional arrays in memory and moves boxes between them. It knows element types and
// shapes, nothing of world units, files or numerics (those are in geometry, zarr and kernels).
//
//	block := nd.New(nd.Uint8, 64, 64, 64)
//	voxels := nd.Values[uint8](block) // shares block's memory
package nd
