// Package lazy computes on arrays while they are read: an operation is a Source around another Source, and a box of the
// outer one is what the operation makes of a box of the inner one. Nothing is computed that is not read, and nothing is
// stored. Volara has such operations on its datasets (ome_norm, scale_shift, stack, channels); the others are here beside
// them, under the names that pipeline files have.
//
//	ops, err := lazy.ParseOps([]string{"channels: [[0, 1]]", "scale_shift=0.5,1", "clip=0,1"})
//	a, err := lazy.Of(array, zarr.Overrides{})
//	a, err = ops.Apply(ctx, a)
//	err = a.ReadInto(ctx, nd.New(a.DType(), shape...), offset)
//
// Types are numpy's (version 2, NEP 50): what an operation returns for an array of some type is what the numpy
// expression returns that its documentation names, in type and in every bit, wherever numpy's result does not depend on
// the machine.
//
// Voxels outside a Source are 0, whatever its operations do: an operation applies to the voxels of its array only, as
// in Volara, which pads after them. A chunk that is not stored holds the array's fill value, to which operations do
// apply.
//
// Memory is touched once: the innermost array decodes into the memory of the result where an element of it is no larger
// than one of the result, and chains of operations on values run piece by piece, in cache, on their way through.
package lazy
