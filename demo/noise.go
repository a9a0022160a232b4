package demo

import "math"

// hash mixes its arguments into 64 bits (the finalizer of splitmix64 over a running state). It is the random number
// of a place: a voxel's noise does not depend on the order in which voxels are visited.
func hash(seed uint64, at ...uint64) uint64 {
	h := seed
	for _, v := range at {
		h = mix64(h ^ v)
	}
	return h
}

func mix64(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// uniform maps a hash to [0, 1).
func uniform(h uint64) float64 { return float64(h>>11) * (1.0 / (1 << 53)) }

// gaussian maps a hash to a value of mean 0 and variance 1: the sum of its four 16-bit parts, nearly normal and never
// beyond 3.5.
func gaussian(h uint64) float64 {
	const scale = 1.7320508075688772 / 65536 // √3 over the range of a part
	sum := h&0xffff + h>>16&0xffff + h>>32&0xffff + h>>48
	return (float64(sum) - 131070) * scale
}

// A field is smooth random noise in space: values at the corners of a cubic lattice, interpolated. Its mean is 0 and
// its values lie in [−1, 1].
type field struct {
	seed       uint64
	wavelength float64 // world units between lattice corners
}

// at returns the field's value at a point.
func (f field) at(p vec) float64 {
	var base [3]uint64
	var t [3]float64
	for d := range 3 {
		v := p[d] / f.wavelength
		low := math.Floor(v)
		base[d] = uint64(int64(low))
		t[d] = smoothstep(0, 1, v-low)
	}
	sum := 0.0
	for z := range uint64(2) {
		hz := mix64(f.seed ^ (base[0] + z))
		wz := 1 - t[0]
		if z == 1 {
			wz = t[0]
		}
		for y := range uint64(2) {
			hy := mix64(hz ^ (base[1] + y))
			wy := 1 - t[1]
			if y == 1 {
				wy = t[1]
			}
			a, b := uniform(mix64(hy^base[2])), uniform(mix64(hy^(base[2]+1)))
			sum += wz * wy * mix(a, b, t[2])
		}
	}
	return 2*sum - 1
}

// octaves returns the sum of two fields, the second of half the wavelength and strength, scaled back to [−1, 1].
func (f field) octaves(p vec) float64 {
	return (2*f.at(p) + field{f.seed + 1, f.wavelength / 2}.at(p)) / 3
}

// skewed returns the mean of two fields whose lattices are turned against the volume's axes and each other, so that
// neither shows.
func (f field) skewed(p vec) float64 {
	a := vec{p.dot(vec{0.74, 0.60, 0.31}), p.dot(vec{-0.64, 0.77, 0.04}), p.dot(vec{-0.21, -0.23, 0.95})}
	b := vec{p.dot(vec{0.81, -0.34, 0.48}), p.dot(vec{0.12, 0.89, 0.43}), p.dot(vec{-0.57, -0.29, 0.77})}
	return (f.at(a) + field{f.seed + 1, f.wavelength}.at(b)) / 2
}

// row writes the field's values along a row of voxels: what at returns at their centres, but for rounding.
func (f field) row(dst []float32, g frame, z, y int) {
	var base [2]uint64
	var t [2]float64
	p := g.centre(z, y, 0)
	for d := range 2 {
		v := p[d] / f.wavelength
		low := math.Floor(v)
		base[d], t[d] = uint64(int64(low)), smoothstep(0, 1, v-low)
	}
	var corner [4]uint64
	for i := range corner {
		corner[i] = mix64(mix64(f.seed^(base[0]+uint64(i>>1))) ^ (base[1] + uint64(i&1)))
	}
	side := func(x int64) float64 {
		near := mix(uniform(mix64(corner[0]^uint64(x))), uniform(mix64(corner[1]^uint64(x))), t[1])
		far := mix(uniform(mix64(corner[2]^uint64(x))), uniform(mix64(corner[3]^uint64(x))), t[1])
		return 2*mix(near, far, t[0]) - 1
	}
	v, step := p[2]/f.wavelength, g.voxel[2]/f.wavelength
	at := int64(math.Floor(v))
	left, right := side(at), side(at+1)
	for x := range dst {
		s := v + float64(x)*step - float64(at)
		for s >= 1 {
			at++
			s--
			left, right = right, side(at+1)
		}
		dst[x] = float32(left + (right-left)*(s*s*(3-2*s)))
	}
}
