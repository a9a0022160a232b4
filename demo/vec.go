package demo

import "math"

// A vec is a point or direction in world units, slowest axis first.
type vec [3]float64

func (a vec) add(b vec) vec           { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) sub(b vec) vec           { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) scale(s float64) vec     { return vec{a[0] * s, a[1] * s, a[2] * s} }
func (a vec) dot(b vec) float64       { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) norm() float64           { return math.Sqrt(a.dot(a)) }
func (a vec) towards(b vec) float64   { return b.sub(a).norm() }
func lerp(a, b vec, t float64) vec    { return a.add(b.sub(a).scale(t)) }
func mix(a, b, t float64) float64     { return a + (b-a)*t }
func clamp(v, lo, hi float64) float64 { return min(max(v, lo), hi) }

// unit returns a scaled to length 1; the zero vector stays zero.
func (a vec) unit() vec {
	if n := a.norm(); n > 0 {
		return a.scale(1 / n)
	}
	return a
}

// smoothstep rises from 0 at lo to 1 at hi with flat ends.
func smoothstep(lo, hi, v float64) float64 {
	t := clamp((v-lo)/(hi-lo), 0, 1)
	return t * t * (3 - 2*t)
}
