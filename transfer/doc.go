// Package transfer copies arrays, images and whole hierarchies from one place to another: as they are, or laid out,
// encoded, cropped and computed otherwise on the way. Placement in the world and attributes go with them.
//
//	c, err := transfer.Plan(ctx, "em.zarr", "crop.zarr", transfer.Options{Region: region, Chunks: []int{64, 64, 64}})
//	defer c.Close()
//	err = c.Run(ctx) // or again, after whatever has stopped it
//
// A copy is made of whole destination objects (chunks or shards), each stored at once or not at all, in pieces of one or
// more of them. A piece of which all objects are stored is done, so that a copy that was killed goes on where it was; a
// piece that lacks one is copied again, all of it. A record in the destination says of what it is a copy, and
// how; a copy of something else, or in another way, is refused. Metadata is written before the first chunk; until the
// record says that the copy is done, missing chunks read as the fill value.
package transfer
