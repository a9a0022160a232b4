package demo

import (
	"fmt"
	"math"
	"slices"

	"volara/geometry"
)

// A frame places a grid of voxels in the world. One- and two-dimensional volumes are held as three-dimensional ones
// with leading axes of one voxel; such flat axes take no part in anything that moves.
type frame struct {
	shape [3]int
	voxel vec
}

// newFrame accepts 1 to 3 dimensions and positive components.
func newFrame(shape []int, voxel geometry.Coordinate) (frame, error) {
	n := len(shape)
	if n < 1 || n > 3 {
		return frame{}, fmt.Errorf("the synthetic volume has 1 to 3 dimensions, not %d", n)
	}
	if len(voxel) != n {
		return frame{}, fmt.Errorf("shape %v and voxel size %v differ in dimensions", shape, voxel)
	}
	positive := func(v int) bool { return v > 0 }
	if !voxel.All(positive) || !geometry.Coordinate(shape).All(positive) {
		return frame{}, fmt.Errorf("shape %v and voxel size %v must be positive", shape, voxel)
	}
	f := frame{shape: lift(shape), voxel: vec{1, 1, 1}}
	for d, left := 0, math.MaxUint32; d < 3; d++ {
		if left /= f.shape[d]; left == 0 {
			return frame{}, fmt.Errorf("a synthetic volume of %v is too large: it has more than 2³² voxels", shape)
		}
	}
	for d, v := range voxel {
		f.voxel[3-n+d] = float64(v)
	}
	return f, nil
}

// lift prepends axes of one voxel until there are three.
func lift(shape []int) [3]int {
	return [3]int(append(slices.Repeat([]int{1}, 3-len(shape)), shape...))
}

// size returns the number of voxels.
func (f frame) size() int { return f.shape[0] * f.shape[1] * f.shape[2] }

// extent returns the world size of the volume.
func (f frame) extent() vec {
	return vec{float64(f.shape[0]) * f.voxel[0], float64(f.shape[1]) * f.voxel[1], float64(f.shape[2]) * f.voxel[2]}
}

// flat reports whether axis d is one voxel thin.
func (f frame) flat(d int) bool { return f.shape[d] == 1 }

// centre returns the world position of a voxel's centre, counted from the volume's corner.
func (f frame) centre(z, y, x int) vec {
	return vec{(float64(z) + 0.5) * f.voxel[0], (float64(y) + 0.5) * f.voxel[1], (float64(x) + 0.5) * f.voxel[2]}
}

// calibre returns the radius of a thin neurite, the unit of length of everything that grows: it spans a few voxels of
// the coarsest axis and enough of the finest to have a shape.
func (f frame) calibre() float64 {
	coarse, fine := 0.0, 0.0
	for d := range 3 {
		if f.flat(d) {
			continue
		}
		if coarse = max(coarse, f.voxel[d]); fine == 0 || f.voxel[d] < fine {
			fine = f.voxel[d]
		}
	}
	if fine == 0 {
		return f.voxel[2]
	}
	return max(2.6*coarse, 6.5*fine)
}
