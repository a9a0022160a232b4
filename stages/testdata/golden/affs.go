//go:build ignore

// Writes the golden volume: labels of the demo's generator and float32 affinities without ties.
//
//	go run stages/testdata/golden/affs.go stages/testdata/golden/segment.zarr
package main

import (
	"context"
	"log"
	"os"

	"volara/demo"
	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

func main() {
	out := os.Args[1]
	voxel := geometry.Coordinate{40, 16, 16}
	labels, err := demo.Labels([]int{20, 30, 36}, voxel, 7)
	check(err)
	options := demo.DefaultAffinities(voxel, 7)
	options.Offsets = []geometry.Coordinate{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {2, 0, 0}, {0, 4, 0}, {0, 0, 4}, {0, -3, 4}}
	affs := demo.AffinitiesFloat32(labels, options)
	check(demo.TieFree(affs, options.Offsets, []float64{-0.4, -0.4, -0.4, -0.7, -0.7, -0.7, -0.7}))
	write(out+"/labels", labels, []string{"z", "y", "x"}, nil)
	write(out+"/affs", affs, []string{"c^", "z", "y", "x"}, options.Offsets)
}

func write(path string, a *nd.Array, axes []string, neighborhood []geometry.Coordinate) {
	types, units := make([]string, len(axes)), make([]string, len(axes))
	chunks := append([]int{}, a.Shape()...)
	for i, name := range axes {
		types[i], units[i] = "space", "nm"
		if name == "c^" {
			types[i], units[i] = "channel", ""
		}
	}
	attributes := zarr.Spatial{VoxelSize: []float64{40, 16, 16}, Offset: []float64{4000, -160, 80}, AxisNames: axes, Units: units, Types: types}.Attributes()
	if neighborhood != nil {
		attributes["neighborhood"] = neighborhood
	}
	array, err := zarr.Create(context.Background(), path, zarr.Spec{Shape: a.Shape(), Chunks: chunks, DType: a.DType(), Attributes: attributes})
	check(err)
	check(array.Write(context.Background(), make([]int, len(axes)), a))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
