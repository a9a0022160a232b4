package demo

import "math"

// A tip is where a neurite grows on: from a ball, in a direction, towards a radius.
type tip struct {
	from   ball
	along  vec
	target float64
}

// The shape of growth.
const (
	proposals  = 9   // directions tried at each step
	longest    = 400 // steps of one branch
	bifurcates = 6   // steps between bifurcations, at least
	branches   = 24  // of one neurite, at most
	blind      = 5   // steps back in which a branch does not avoid itself
)

// arbor grows the trunk of a neurite in both directions from its middle and, if it becomes long enough, lays it down
// and grows its branches.
func (g *garden) arbor(k kind, middle ball) {
	along := g.direction()
	trunk, tips := g.branch(k, tip{middle, along, middle.r}, nil)
	back, more := g.branch(k, tip{middle, along.scale(-1), middle.r}, trunk)
	trunk = append(trunk, back...)
	if length(trunk) < min(k.shortest*g.unit, g.across()) {
		return
	}
	g.count++
	g.lay(trunk)
	g.branching(k, append(tips, more...))
}

// branching grows a neurite's branches from their tips, each until it has left the volume or met others on all sides.
func (g *garden) branching(k kind, tips []tip) {
	for n := 0; n < len(tips) && n < branches; n++ {
		t := tips[n]
		root := ball{t.from.at.add(t.along.scale(t.from.r + 1.2*t.target)), t.target}
		if g.space.at(root.at) < 0.6*t.target {
			continue
		}
		bough, more := g.branch(k, tip{root, t.along, t.target}, nil)
		g.lay(append([]cone{{a: t.from, b: root}}, bough...))
		tips = append(tips, more...)
	}
}

// branch grows from one tip and returns the tips of the branches that leave it. It keeps away from self, what the
// neurite has that is not laid down yet.
func (g *garden) branch(k kind, t tip, self []cone) (grown []cone, tips []tip) {
	swell, since := 0.0, 0
	for range longest {
		own := self
		if n := len(grown) - blind; n > 0 {
			own = grown[:n]
		}
		next, along, ok := g.step(k, t, own, &swell)
		if !ok {
			break
		}
		grown = append(grown, cone{a: t.from, b: next})
		t.from, t.along = next, along
		if g.outside(next) {
			break
		}
		if since++; since > bifurcates && g.rng.Float64() < k.branch {
			tips = append(tips, g.bifurcate(&t))
			since = 0
		}
	}
	return grown, tips
}

// step proposes directions around the tip's and takes the one with most room that turns least. It fails where there
// is no room for half the radius.
func (g *garden) step(k kind, t tip, self []cone, swell *float64) (next ball, along vec, ok bool) {
	size := k.step * g.unit
	best, room := math.Inf(-1), 0.0
	for range proposals {
		dir := t.along.add(g.direction().scale(k.wander * 1.6 * g.rng.Float64())).unit()
		at := t.from.at.add(dir.scale(size))
		free := min(g.space.at(at), apart(at, self))
		score := min(free/t.from.r, 1.4) + 0.8*dir.dot(t.along) + 0.25*g.rng.Float64()
		if score > best {
			best, room, along, next.at = score, free, dir, at
		}
	}
	*swell = 0.9*(*swell) + 0.44*g.rng.NormFloat64() // a walk of variance 1 that forgets after some ten steps
	wanted := min(t.target*(1+k.swelling*clamp(*swell, -1.6, 2.4)), room)
	next.r = t.from.r + clamp(wanted-t.from.r, -0.3*size, 0.3*size)
	return next, along, room > 0.5*t.target && next.r > 0.45*g.unit
}

// apart returns the distance from a point to the nearest of some cones' far ends.
func apart(p vec, cones []cone) float64 {
	nearest := math.Inf(1)
	for i := range cones {
		nearest = min(nearest, p.towards(cones[i].b.at)-cones[i].b.r)
	}
	return nearest
}

// bifurcate turns the tip to one side and returns the tip of the other, thinner branch.
func (g *garden) bifurcate(t *tip) tip {
	side := g.direction()
	side = side.sub(t.along.scale(side.dot(t.along))).unit()
	ratio := mix(0.6, 0.95, g.rng.Float64())
	other := tip{from: t.from, along: t.along.scale(0.6).add(side.scale(0.8)).unit(), target: t.target * ratio}
	t.along = t.along.scale(0.9).sub(side.scale(0.43)).unit()
	t.target *= 0.95
	return other
}

// outside reports whether a ball has left the volume wholly.
func (g *garden) outside(b ball) bool {
	for d, e := range g.frame.extent() {
		if !g.frame.flat(d) && (b.at[d] < -b.r || b.at[d] > e+b.r) {
			return true
		}
	}
	return false
}

// somata lays down cell bodies with their dendrites, one to a generous piece of volume, none in a small one.
func (g *garden) somata() {
	radius := min(15*g.unit, 0.19*g.across())
	if radius < 7*g.unit {
		return
	}
	extent, territory := g.frame.extent(), 1.0
	for d := range 3 {
		if !g.frame.flat(d) {
			territory *= extent[d] / (4.6 * radius)
		}
	}
	for range max(1, int(territory)) {
		var at vec
		for range 30 {
			for d := range 3 {
				at[d] = extent[d] * mix(0.12, 0.88, g.rng.Float64())
				if g.frame.flat(d) {
					at[d] = extent[d] / 2
				}
			}
			if g.space.at(at) >= min(g.space.reach, radius) {
				g.soma(ball{at, radius * mix(0.8, 1, g.rng.Float64())})
				break
			}
		}
	}
}

// soma lays down one cell: an oblong body and a few stems that taper into dendrites.
func (g *garden) soma(body ball) {
	pole := ball{body.at.add(g.direction().scale(0.5 * body.r)), 0.85 * body.r}
	g.count++
	g.lay([]cone{{a: body, b: pole}})
	stems := kinds()[0]
	stems.branch = 0.08
	var tips []tip
	for range 3 + g.rng.IntN(3) {
		tips = append(tips, tip{body, g.direction(), g.unit * mix(2.5, 4, g.rng.Float64())})
	}
	g.branching(stems, tips)
}
