package demo

import (
	"math"
	"testing"

	"volara/geometry"
)

func TestGaussianIsStandard(t *testing.T) {
	var sum, square float64
	const n = 200_000
	for i := range uint64(n) {
		v := gaussian(hash(1, i))
		sum, square = sum+v, square+v*v
	}
	if mean, sigma := sum/n, math.Sqrt(square/n); math.Abs(mean) > 0.01 || math.Abs(sigma-1) > 0.01 {
		t.Errorf("mean %v and σ %v, want 0 and 1", mean, sigma)
	}
}

func TestFieldIsSmoothAndBounded(t *testing.T) {
	f := field{seed: 5, wavelength: 100}
	low, high, before := 1.0, -1.0, f.at(vec{-3000, 20, 7})
	for x := -3000.0; x < 3000; x++ {
		v := f.at(vec{x, 20, 7})
		if math.Abs(v-before) > 0.05 {
			t.Fatalf("jumps from %v to %v at %v", before, v, x)
		}
		low, high, before = min(low, v), max(high, v), v
	}
	if low < -1 || high > 1 || high-low < 1 {
		t.Errorf("values from %v to %v", low, high)
	}
}

func TestFieldRowIsFieldAt(t *testing.T) {
	g, err := newFrame([]int{3, 4, 90}, geometry.Coordinate{40, 16, 16})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, 90)
	for _, wavelength := range []float64{5, 16, 37, 400} { // shorter and longer than a voxel
		f := field{seed: 8, wavelength: wavelength}
		for z := range 3 {
			for y := range 4 {
				f.row(row, g, z, y)
				for x, got := range row {
					if want := f.at(g.centre(z, y, x)); math.Abs(float64(got)-want) > 1e-5 {
						t.Fatalf("wavelength %v voxel (%d, %d, %d): %v, want %v", wavelength, z, y, x, got, want)
					}
				}
			}
		}
	}
}
