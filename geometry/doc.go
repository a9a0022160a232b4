// Package geometry holds the words of blockwise processing: Coordinate, Roi, Block and Grid, and the question who
// reads whose output. It is pure: no I/O, no arrays.
//
// Everything is an integer and works in 1 to 5 dimensions, slowest axis first. World units are those of the volume's
// voxel size (nanometres, as a rule); channels are not a dimension here.
//
//	grid, err := geometry.NewGrid(volume, geometry.Coordinate{64, 64, 64}, context, context, geometry.FitShrink)
//	for i := range grid.Len() {
//		process(grid.At(i))
//	}
package geometry
