package picture

import (
	"image"
	"math"

	"volara/volume"
	"volara/zarr"
)

// A Frame says where the pixels of a picture lie in the array and in the world.
type Frame struct {
	// Row and Column are the array's axes that run down and to the right, Axis the one that is cut, -1 where none is.
	Row, Column, Axis int
	// Box is what of the array the picture shows; one voxel along all axes but Row and Column.
	Box volume.Box
	// Place is the array's place in the world.
	Place zarr.Spatial
	// PerRow and PerColumn are the pixels of a voxel, down and to the right; below 1 where voxels are left out.
	PerRow, PerColumn float64
}

// Size returns the size of the picture in pixels, at least one each way.
func (f Frame) Size() image.Point {
	return image.Pt(pixels(f.Box.Shape[f.Column], f.PerColumn), pixels(f.Box.Shape[f.Row], f.PerRow))
}

func pixels(voxels int, each float64) int {
	return int(max(1, math.Min(math.Round(float64(voxels)*each), math.MaxInt32)))
}

// Rect returns the pixels of a region of the world, given by its corners along the axes of space and time; ok is false
// when the picture shows nothing of it. It may reach beyond the picture.
func (f Frame) Rect(begin, end []float64) (r image.Rectangle, ok bool) {
	for i, axis := range f.Place.Physical() {
		lo := (begin[i] - f.Place.Offset[i]) / f.Place.VoxelSize[i]
		hi := (end[i] - f.Place.Offset[i]) / f.Place.VoxelSize[i]
		from := float64(f.Box.Offset[axis])
		if hi <= from || lo >= from+float64(f.Box.Shape[axis]) {
			return r, false
		}
		lo, hi = lo-from, hi-from
		switch axis {
		case f.Row:
			r.Min.Y, r.Max.Y = int(math.Round(lo*f.PerRow)), int(math.Round(hi*f.PerRow))
		case f.Column:
			r.Min.X, r.Max.X = int(math.Round(lo*f.PerColumn)), int(math.Round(hi*f.PerColumn))
		}
	}
	return r, true
}
