package demo

import (
	"math"
	"math/rand/v2"
)

// A ball is a point of a skeleton with the neurite's radius there.
type ball struct {
	at vec
	r  float64
}

// A cone is a piece of a neurite: the hull of two balls, nearly.
type cone struct {
	a, b    ball
	neurite uint32
}

// A kind of neurite. Lengths are in calibres.
type kind struct {
	radius   [2]float64 // drawn from this range
	step     float64
	wander   float64 // how far the direction turns in a step
	branch   float64 // chance of a bifurcation in a step
	swelling float64 // depth of the slow changes of radius: varicosities
	shortest float64 // shorter ones are not laid down
	share    float64 // of the volume, at which no more of this kind are begun
}

// kinds, in the order in which they take their room: the thick ones first, the thin ones into what is left.
func kinds() []kind {
	return []kind{
		{radius: [2]float64{3.4, 5.2}, step: 1.3, wander: 0.22, branch: 0.05, swelling: 0.16, shortest: 14, share: 0.28},
		{radius: [2]float64{1.8, 2.9}, step: 1.0, wander: 0.32, branch: 0.04, swelling: 0.30, shortest: 12, share: 0.55},
		{radius: [2]float64{1.0, 1.7}, step: 0.8, wander: 0.40, branch: 0.03, swelling: 0.38, shortest: 10, share: 1},
		{radius: [2]float64{0.8, 1.1}, step: 0.7, wander: 0.50, branch: 0.02, swelling: 0.25, shortest: 7, share: 1},
	}
}

// A garden grows neurites into the free space of a volume, one after the other.
type garden struct {
	frame frame
	unit  float64 // the calibre
	rng   *rand.Rand
	space *space
	cones []cone
	count uint32  // neurites so far
	laid  float64 // their volume, roughly
}

// grow returns the skeletons of a volume: first a few cell bodies with their dendrites where there is room for such,
// then neurites of falling calibre until none fits.
func grow(f frame, seed uint64) []cone {
	unit := f.calibre()
	g := &garden{
		frame: f, unit: unit, rng: rand.New(rand.NewPCG(seed, 0x766f6c617261)),
		space: newSpace(f, 0.7*unit, 8*unit),
	}
	g.somata()
	for _, k := range kinds() {
		g.fill(k)
	}
	if g.count == 0 {
		centre := ball{f.extent().scale(0.5), unit}
		g.count++
		g.lay([]cone{{a: centre, b: centre}})
	}
	return g.cones
}

// fill begins neurites of a kind at random places that have room for them.
func (g *garden) fill(k kind) {
	extent := g.frame.extent()
	volume := extent[0] * extent[1] * extent[2]
	g.space.reach = 1.4 * k.radius[1] * g.unit
	places := g.rng.Perm(len(g.space.free))
	for _, i := range places {
		if g.laid > k.share*volume {
			return
		}
		r := g.unit * mix(k.radius[0], k.radius[1], g.rng.Float64()*g.rng.Float64())
		if float64(g.space.free[i]) < 1.05*r {
			continue
		}
		g.arbor(k, ball{g.space.point(i), r})
	}
}

// across returns the shortest way through the volume, flat axes apart.
func (g *garden) across() float64 {
	shortest := math.Inf(1)
	for d, e := range g.frame.extent() {
		if !g.frame.flat(d) {
			shortest = min(shortest, e)
		}
	}
	return shortest
}

// lay adds cones to the present neurite and takes their room.
func (g *garden) lay(cones []cone) {
	var last ball
	for _, c := range cones {
		c.neurite = g.count
		g.cones = append(g.cones, c)
		if c.a != last {
			g.space.add(c.a)
		}
		g.space.add(c.b)
		last = c.b
		g.laid += c.a.at.towards(c.b.at) * g.section((c.a.r+c.b.r)/2)
	}
}

// section returns the area of a cut across a neurite; in a flat volume, of what lies within it.
func (g *garden) section(r float64) float64 {
	area, live := 1.0, 0
	for d := range 3 {
		if g.frame.flat(d) {
			area *= g.frame.voxel[d]
		} else {
			live++
		}
	}
	switch live {
	case 3:
		return math.Pi * r * r
	case 2:
		return area * 2 * r
	}
	return area
}

// direction returns a random unit vector within the axes that are not flat.
func (g *garden) direction() vec {
	for {
		var v vec
		for d := range 3 {
			if !g.frame.flat(d) {
				v[d] = g.rng.NormFloat64()
			}
		}
		if v.norm() > 1e-9 || g.frame.size() == 1 {
			return v.unit()
		}
	}
}

func length(cones []cone) float64 {
	sum := 0.0
	for _, c := range cones {
		sum += c.a.at.towards(c.b.at)
	}
	return sum
}
