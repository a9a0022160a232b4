package demo

import "math"

// partition gives every voxel the neurite whose surface is nearest: an additively weighted Voronoi diagram of tapered
// tubes, in space that was bent a little so that walls are not flat. Each voxel's answer is exact and independent of
// the others: boxes are halved, and each half keeps only the tubes that can be nearest somewhere in it.
func partition(dst []uint32, f frame, cones []cone, seed uint64) {
	p := &partitioner{frame: f, bend: newBend(f, seed), dst: dst, tubes: make([]tube, len(cones))}
	all := make([]int32, len(cones))
	for i, c := range cones {
		p.tubes[i] = newTube(c)
		all[i] = int32(i)
	}
	jobs := []job{{box{hi: f.shape}, all}}
	for halved := true; halved && len(jobs) < 256; {
		halved = false
		for i := range len(jobs) {
			if a, b, ok := p.halve(jobs[i].box); ok {
				near := jobs[i].near
				jobs[i], halved = job{a, p.cull(nil, a, near)}, true
				jobs = append(jobs, job{b, p.cull(nil, b, near)})
			}
		}
	}
	parallel(len(jobs), func(i int) { p.solve(jobs[i].box, jobs[i].near) })
}

// A tube is a cone prepared for measuring distances.
type tube struct {
	at, axis      vec
	perSquare     float64 // 1 / |axis|²
	radius, taper float64
	steep         float64 // Lipschitz constant of the distance
	neurite       uint32
}

func newTube(c cone) tube {
	t := tube{at: c.a.at, axis: c.b.at.sub(c.a.at), radius: c.a.r, taper: c.b.r - c.a.r, steep: 1, neurite: c.neurite}
	if square := t.axis.dot(t.axis); square > 0 {
		t.perSquare = 1 / square
		t.steep += math.Abs(t.taper) / math.Sqrt(square)
	}
	return t
}

// distance returns how far a point is from the tube's surface, negative inside.
func (t *tube) distance(p vec) float64 {
	z, y, x := p[0]-t.at[0], p[1]-t.at[1], p[2]-t.at[2]
	s := (z*t.axis[0] + y*t.axis[1] + x*t.axis[2]) * t.perSquare
	s = min(max(s, 0), 1)
	z, y, x = z-s*t.axis[0], y-s*t.axis[1], x-s*t.axis[2]
	return math.Sqrt(z*z+y*y+x*x) - t.radius - s*t.taper
}

// A box is a half-open box of voxels.
type box struct{ lo, hi [3]int }

func (b box) size() int {
	return (b.hi[0] - b.lo[0]) * (b.hi[1] - b.lo[1]) * (b.hi[2] - b.lo[2])
}

// A job is a box with the tubes that matter there.
type job struct {
	box
	near []int32
}

type partitioner struct {
	frame frame
	bend  *bend
	tubes []tube
	dst   []uint32
}

// enough is the number of voxels in a box within one cell that is not worth halving.
const enough = 64

// halve splits a box along its longest world axis, between two of the bend's cells while there are such; ok is false
// for a box that is small enough.
func (p *partitioner) halve(whole box) (a, b box, ok bool) {
	if whole.size() <= enough && p.bend.within(whole) {
		return a, b, false
	}
	axis, long, unit := -1, 0.0, 1
	for d := range 3 {
		n := whole.hi[d] - whole.lo[d]
		if world := float64(n) * p.frame.voxel[d]; n > 1 && world > long {
			axis, long = d, world
		}
	}
	if whole.hi[axis]-whole.lo[axis] > p.bend.cell[axis] {
		unit = p.bend.cell[axis]
	}
	middle := whole.lo[axis] + ((whole.hi[axis]-whole.lo[axis]+unit-1)/unit/2)*unit
	a, b = whole, whole
	a.hi[axis], b.lo[axis] = middle, middle
	return a, b, true
}

// solve fills a box, halving it until one neurite is left or the box is small.
func (p *partitioner) solve(b box, near []int32) {
	if one, ok := p.single(near); ok {
		p.flood(b, one)
		return
	}
	lower, upper, ok := p.halve(b)
	if !ok {
		p.measure(b, near)
		return
	}
	var room [128]int32
	p.solve(lower, p.cull(room[:0], lower, near))
	p.solve(upper, p.cull(room[:0], upper, near))
}

// cull appends to dst the tubes of near that can be nearest somewhere in a box.
func (p *partitioner) cull(dst []int32, b box, near []int32) []int32 {
	var room [128]float64
	distances := room[:0]
	centre, radius := p.bend.ball(b)
	nearest := math.Inf(1)
	for _, k := range near {
		t := &p.tubes[k]
		d := t.distance(centre)
		distances = append(distances, d)
		nearest = min(nearest, d+t.steep*radius)
	}
	for i, k := range near {
		if distances[i]-p.tubes[k].steep*radius <= nearest {
			dst = append(dst, k)
		}
	}
	return dst
}

// single reports whether all tubes belong to one neurite.
func (p *partitioner) single(near []int32) (uint32, bool) {
	one := p.tubes[near[0]].neurite
	for _, k := range near[1:] {
		if p.tubes[k].neurite != one {
			return 0, false
		}
	}
	return one, true
}

// flood gives all voxels of a box to one neurite.
func (p *partitioner) flood(b box, neurite uint32) {
	for z := b.lo[0]; z < b.hi[0]; z++ {
		for y := b.lo[1]; y < b.hi[1]; y++ {
			row := (z*p.frame.shape[1] + y) * p.frame.shape[2]
			line := p.dst[row+b.lo[2] : row+b.hi[2]]
			for x := range line {
				line[x] = neurite
			}
		}
	}
}

// measure asks every voxel of a box within one cell which tube is nearest.
func (p *partitioner) measure(b box, near []int32) {
	for z := b.lo[0]; z < b.hi[0]; z++ {
		for y := b.lo[1]; y < b.hi[1]; y++ {
			row := (z*p.frame.shape[1] + y) * p.frame.shape[2]
			first := p.bend.at(b.lo, float64(z)+0.5, float64(y)+0.5, float64(b.lo[2])+0.5)
			last := p.bend.at(b.lo, float64(z)+0.5, float64(y)+0.5, float64(b.hi[2])+0.5)
			step := last.sub(first).scale(1 / float64(b.hi[2]-b.lo[2]))
			for x := b.lo[2]; x < b.hi[2]; x++ {
				at := first.add(step.scale(float64(x - b.lo[2])))
				p.dst[row+x] = p.nearest(at, near)
			}
		}
	}
}

// nearest returns the neurite whose surface is nearest to a point, the first laid of equals.
func (p *partitioner) nearest(at vec, near []int32) uint32 {
	best, who := math.Inf(1), uint32(0)
	for _, k := range near {
		t := &p.tubes[k]
		if d := t.distance(at); d < best {
			best, who = d, t.neurite
		}
	}
	return who
}
