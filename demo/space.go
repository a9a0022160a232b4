package demo

import "math"

// A space knows how much room is left: on a coarse lattice, the distance from each point to the nearest surface of
// what has been laid down.
type space struct {
	count [3]int
	step  vec
	free  []float32
	reach float64 // what is laid down is not felt beyond this
}

// newSpace returns the empty space of a volume, with lattice points about step apart.
func newSpace(f frame, step, reach float64) *space {
	s := &space{reach: reach}
	extent, n := f.extent(), 1
	for d := range 3 {
		s.count[d] = max(1, int(math.Ceil(extent[d]/step)))
		if f.flat(d) {
			s.count[d] = 1
		}
		s.step[d] = extent[d] / float64(s.count[d])
		n *= s.count[d]
	}
	s.free = make([]float32, n)
	for i := range s.free {
		s.free[i] = float32(reach)
	}
	return s
}

// point returns the position of a lattice point.
func (s *space) point(i int) vec {
	x := i % s.count[2]
	y := i / s.count[2] % s.count[1]
	z := i / s.count[2] / s.count[1]
	return vec{(float64(z) + 0.5) * s.step[0], (float64(y) + 0.5) * s.step[1], (float64(x) + 0.5) * s.step[2]}
}

// at returns the room around a point: the distance to the nearest surface, negative inside one. Outside the volume it
// is that of the nearest point inside.
func (s *space) at(p vec) float64 {
	i := 0
	for d := range 3 {
		k := int(p[d] / s.step[d])
		i = i*s.count[d] + min(max(k, 0), s.count[d]-1)
	}
	return float64(s.free[i])
}

// add lays down a ball.
func (s *space) add(b ball) {
	var lo, hi [3]int
	far := b.r + s.reach
	for d := range 3 {
		lo[d] = max(0, int((b.at[d]-far)/s.step[d]))
		hi[d] = min(s.count[d], int((b.at[d]+far)/s.step[d])+1)
	}
	for z := lo[0]; z < hi[0]; z++ {
		dz := (float64(z)+0.5)*s.step[0] - b.at[0]
		for y := lo[1]; y < hi[1]; y++ {
			dy := (float64(y)+0.5)*s.step[1] - b.at[1]
			row := (z*s.count[1] + y) * s.count[2]
			for x := lo[2]; x < hi[2]; x++ {
				dx := (float64(x)+0.5)*s.step[2] - b.at[2]
				room := float32(math.Sqrt(dz*dz+dy*dy+dx*dx) - b.r)
				s.free[row+x] = min(s.free[row+x], room)
			}
		}
	}
}
