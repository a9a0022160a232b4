package demo

import "math"

// An organelle is an ellipsoid of revolution inside one neurite: a mitochondrion, or the nucleus of a cell body.
type organelle struct {
	at, axis      vec // axis has length 1
	long, radius  float64
	label         uint32
	nucleus       bool
	wobble, ridge field
}

// findOrganelles looks at random places, some calibres apart, for room: for a nucleus once in a label that is wide
// enough, else for a mitochondrion, as thick as fits.
func findOrganelles(f frame, labels []uint32, seed uint64) []organelle {
	if f.flat(2) || f.flat(1) {
		return nil
	}
	s := &survey{frame: f, labels: labels, seed: seed, nuclei: map[uint32]organelle{}}
	pitch := 2.4 * f.calibre()
	var count [3]int
	for d, e := range f.extent() {
		count[d] = int(math.Ceil(e / pitch))
	}
	for i := range count[0] * count[1] * count[2] {
		h := hash(seed, uint64(i))
		z, y, x := i/count[2]/count[1], i/count[2]%count[1], i%count[2]
		at := vec{float64(z) + uniform(h), float64(y) + uniform(mix64(h)), float64(x) + uniform(mix64(h+1))}.scale(pitch)
		if f.flat(0) {
			at[0] = f.voxel[0] / 2
		}
		s.consider(at, mix64(h+2))
	}
	return s.chosen()
}

// A survey collects organelles.
type survey struct {
	frame  frame
	labels []uint32
	seed   uint64
	nuclei map[uint32]organelle
	lucky  []uint32 // labels with a nucleus, in the order they were found
	mitos  []organelle
}

// consider tries an organelle of each kind at a place.
func (s *survey) consider(at vec, h uint64) {
	label, ok := s.labelAt(at)
	if !ok {
		return
	}
	unit := s.frame.calibre()
	o := organelle{at: at, label: label, wobble: field{h, unit}, ridge: field{h + 1, 0.5 * unit}}
	for r := 11.0; r >= 4; r-- {
		o.axis, o.radius, o.long, o.nucleus = s.direction(h), r*unit*0.8, r*unit*0.92, true
		if old, has := s.nuclei[label]; has && old.radius >= o.radius {
			break
		}
		if s.fits(o, 1.25) {
			if _, has := s.nuclei[label]; !has {
				s.lucky = append(s.lucky, label)
			}
			s.nuclei[label] = o
			return
		}
	}
	if h%100 < 25 {
		return
	}
	for _, r := range []float64{1.9, 1.4, 1.05, 0.8} {
		for turn := range uint64(8) {
			o.axis, o.radius, o.long, o.nucleus = s.direction(hash(h, turn)), r*unit, max(2.4*r, 2.6)*unit, false
			if s.fits(o, 1.22) {
				s.mitos = append(s.mitos, o)
				return
			}
		}
	}
}

// chosen returns the nuclei and those mitochondria that keep away from them and from each other.
func (s *survey) chosen() []organelle {
	var all []organelle
	for _, label := range s.lucky {
		all = append(all, s.nuclei[label])
	}
next:
	for _, m := range s.mitos {
		for i := range all {
			o := &all[i]
			if o.label == m.label && o.at.towards(m.at) < o.long+m.long {
				continue next
			}
		}
		all = append(all, m)
	}
	return all
}

func (s *survey) labelAt(p vec) (uint32, bool) {
	i := 0
	for d, n := range s.frame.shape {
		k := int(math.Floor(p[d] / s.frame.voxel[d]))
		if k < 0 || k >= n {
			return 0, false
		}
		i = i*n + k
	}
	return s.labels[i], true
}

// direction returns a unit vector within the axes that are not flat.
func (s *survey) direction(h uint64) vec {
	v := vec{gaussian(mix64(h)), gaussian(mix64(h + 1)), gaussian(mix64(h + 2))}
	if s.frame.flat(0) {
		v[0] = 0
	}
	return v.unit()
}

// fits reports whether the organelle, grown by a factor, lies within its label and the volume; what leaves the volume
// may.
func (s *survey) fits(o organelle, grown float64) bool {
	a, b := o.across()
	for i := range 30 {
		// Points spread evenly over the ellipsoid: a spiral of latitudes a golden angle apart.
		u := 1 - (2*float64(i)+1)/30
		w := math.Sqrt(1-u*u) * o.radius * grown
		sin, cos := math.Sincos(2.399963 * float64(i))
		p := o.at.add(o.axis.scale(u * o.long * grown)).add(a.scale(w * cos)).add(b.scale(w * sin))
		if s.frame.flat(0) {
			p[0] = o.at[0]
		}
		if label, inside := s.labelAt(p); inside && label != o.label {
			return false
		}
	}
	return true
}

// across returns two directions at right angles to the axis and each other.
func (o *organelle) across() (a, b vec) {
	a = vec{0, 0, 1}
	if math.Abs(o.axis[2]) > 0.7 {
		a = vec{0, 1, 0}
	}
	a = a.sub(o.axis.scale(a.dot(o.axis))).unit()
	b = vec{
		o.axis[1]*a[2] - o.axis[2]*a[1],
		o.axis[2]*a[0] - o.axis[0]*a[2],
		o.axis[0]*a[1] - o.axis[1]*a[0],
	}
	return a, b
}

// paint paints what a section shows of the organelle.
func (o *organelle) paint(image []float32, p *painter, z int) {
	f := p.frame
	height, width := f.shape[1], f.shape[2]
	if math.Abs(f.centre(z, 0, 0)[0]-o.at[0]) > 1.15*o.long {
		return
	}
	y0, y1 := max(0, int((o.at[1]-1.15*o.long)/f.voxel[1])), min(height, int((o.at[1]+1.15*o.long)/f.voxel[1])+1)
	x0, x1 := max(0, int((o.at[2]-1.15*o.long)/f.voxel[2])), min(width, int((o.at[2]+1.15*o.long)/f.voxel[2])+1)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			if p.labels[(z*height+y)*width+x] != o.label {
				continue
			}
			at := f.centre(z, y, x)
			away := at.sub(o.at)
			along := away.dot(o.axis)
			off := math.Sqrt(max(0, away.dot(away)-along*along))
			// How far out the point is: 1 on the ellipsoid, which is dented a little.
			out := math.Hypot(along/o.long, off/o.radius)
			if out > 1.15 {
				continue
			}
			out += 0.07 * o.wobble.at(at)
			pixel := &image[y*width+x]
			if o.nucleus {
				*pixel = o.nuclear(*pixel, at, (out-1)*o.radius/p.unit)
			} else {
				*pixel = o.mitochondrial(*pixel, at, along/p.unit, (out-1)*o.radius/p.unit)
			}
		}
	}
}

// mitochondrial returns the grey of a point of a mitochondrion. depth is its distance from the outer membrane, negative
// inside, and along its place on the axis, in calibres.
func (o *organelle) mitochondrial(under float32, at vec, along, depth float64) float32 {
	body := 118 + 16*math.Sin(9*along+5*o.wobble.at(at.scale(0.7))) + 8*o.ridge.at(at)
	wall := smoothstep(-0.3, -0.16, depth)
	inside := 1 - smoothstep(-0.1, 0.06, depth)
	return float32(mix(float64(under), mix(body, 68, wall), inside))
}

// nuclear returns the grey of a point of a nucleus: pale, with dark clumps of chromatin, most of them at the envelope.
func (o *organelle) nuclear(under float32, at vec, depth float64) float32 {
	clumps := field{o.wobble.seed, 2.2 * o.wobble.wavelength}.octaves(at) + 0.5*smoothstep(-1.6, -0.2, depth)
	body := 186 - 52*smoothstep(0.18, 0.55, clumps) + 7*o.ridge.at(at)
	wall := smoothstep(-0.26, -0.14, depth)
	inside := 1 - smoothstep(-0.08, 0.06, depth)
	return float32(mix(float64(under), mix(body, 82, wall), inside))
}
