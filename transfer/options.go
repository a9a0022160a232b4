package transfer

import (
	"volara/nd"
	"volara/volume"
	"volara/zarr/codec"
	"volara/zarr/lazy"
)

// Options say what is copied, and how the copy is laid out. What is left out is as in the source.
type Options struct {
	// Region is what of the arrays is copied. Of a group or an image it is given in world units.
	Region volume.Region
	// Level copies one level of an image, as an array.
	Level *int
	// Ops are applied to the voxels of an array.
	Ops lazy.Ops

	// Format is 2 or 3.
	Format int
	// Chunks and Shards are the shapes of chunks and of the objects that hold them; NoShards stores every chunk as an object.
	Chunks, Shards []int
	NoShards       bool
	// Codecs returns what is done to the bytes of chunks of a type, nil for what is done in the source.
	Codecs func(t nd.DType) ([]codec.Codec, error)
	// DType is the type of the voxels, Cast what becomes of values that it does not have; Exact where it is "".
	DType nd.DType
	Cast  Cast
	// Fill is the value of voxels that are not written, as text.
	Fill *string
	// Separator is "/" or "." between the numbers in keys of chunks.
	Separator string
	// Endian is "little" or "big", Order "C" or "F".
	Endian, Order string

	// WriteEmpty stores chunks that hold nothing but the fill value, too.
	WriteEmpty bool
	// Sync makes every object survive a loss of power once it is counted as done.
	Sync bool
	// Overwrite removes what is at the destination first, also a part of this copy.
	Overwrite bool

	// Pyramid makes an OME-Zarr image of an array, which Format 2 makes of version 0.4 and 3, also the default, of 0.5.
	Pyramid *Pyramid

	volume.Limits
}
