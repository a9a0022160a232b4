package demo

import "math"

// A solid is the union of some segments as a smooth body: the share of each voxel's surroundings that they fill, of
// which the surface is where it is a half.
type solid struct {
	frame
	ids    []uint64
	chosen map[uint64]bool
	filled []float32
	brick  [3]int // voxels in a brick
	bricks [3]int // number of bricks
	empty  []bool // of each brick, whether there is no surface in it
}

func newSolid(f frame, ids []uint64, chosen map[uint64]bool) *solid {
	m := &solid{frame: f, ids: ids, chosen: chosen, filled: make([]float32, len(ids))}
	plane := f.shape[1] * f.shape[2]
	parallel(f.shape[0], func(z int) {
		in, last := false, uint64(0)
		for i := z * plane; i < (z+1)*plane; i++ {
			if i == z*plane || ids[i] != last {
				in, last = chosen[ids[i]], ids[i]
			}
			if in {
				m.filled[i] = 1
			}
		}
	})
	fine := min(f.voxel[0], f.voxel[1], f.voxel[2])
	for d := range 3 {
		smooth(m.filled, f.shape, d, halfGaussian(max(0.7, 1.6*fine/f.voxel[d])))
	}
	m.findEmpty()
	return m
}

// smooth convolves values with a symmetric kernel along an axis; beyond the volume its outermost values go on.
func smooth(values []float32, shape [3]int, axis int, kernel []float32) {
	stride := 1
	for d := axis + 1; d < 3; d++ {
		stride *= shape[d]
	}
	n, reach := shape[axis], len(kernel)-1
	lines := len(values) / n
	parallel((lines+255)/256, func(job int) {
		line := make([]float32, n+2*reach)
		for l := job * 256; l < min(lines, job*256+256); l++ {
			first := l/stride*stride*n + l%stride
			for i := range line {
				line[i] = values[first+min(max(i-reach, 0), n-1)*stride]
			}
			for i := range n {
				sum := kernel[0] * line[i+reach]
				for k := 1; k <= reach; k++ {
					sum += kernel[k] * (line[i+reach-k] + line[i+reach+k])
				}
				values[first+i*stride] = sum
			}
		}
	})
}

// findEmpty marks the bricks that a ray may skip.
func (m *solid) findEmpty() {
	n, fine := 1, min(m.voxel[0], m.voxel[1], m.voxel[2])
	for d := range 3 {
		m.brick[d] = max(1, int(8*fine/m.voxel[d]+0.5))
		m.bricks[d] = (m.shape[d] + m.brick[d] - 1) / m.brick[d]
		n *= m.bricks[d]
	}
	m.empty = make([]bool, n)
	parallel(n, func(b int) {
		x, y, z := b%m.bricks[2], b/m.bricks[2]%m.bricks[1], b/m.bricks[2]/m.bricks[1]
		var lo, hi [3]int
		for d, k := range [3]int{z, y, x} {
			lo[d], hi[d] = max(0, k*m.brick[d]-1), min(m.shape[d], (k+1)*m.brick[d]+1)
		}
		for z := lo[0]; z < hi[0]; z++ {
			for y := lo[1]; y < hi[1]; y++ {
				row := (z*m.shape[1] + y) * m.shape[2]
				for _, v := range m.filled[row+lo[2] : row+hi[2]] {
					if v >= 0.5 {
						return
					}
				}
			}
		}
		m.empty[b] = true
	})
}

// at returns the share at a point, interpolated; there is nothing outside the volume.
func (m *solid) at(p vec) float64 {
	for d, e := range p {
		if e < 0 || e > float64(m.shape[d])*m.voxel[d] {
			return 0
		}
	}
	return interpolate(m.filled, m.frame, p)
}

// interpolate returns the value at a point, linearly between the voxels around it; beyond the centres of the outermost
// voxels their values go on.
func interpolate[T uint8 | float32](values []T, f frame, p vec) float64 {
	var low, next [3]int
	var t [3]float64
	for d, n := range f.shape {
		v := clamp(p[d]/f.voxel[d]-0.5, 0, float64(n-1))
		low[d] = int(v)
		next[d] = min(low[d]+1, n-1)
		t[d] = v - float64(low[d])
	}
	row := func(z, y int) float64 {
		line := values[(z*f.shape[1]+y)*f.shape[2]:]
		return mix(float64(line[low[2]]), float64(line[next[2]]), t[2])
	}
	return mix(
		mix(row(low[0], low[1]), row(low[0], next[1]), t[1]),
		mix(row(next[0], low[1]), row(next[0], next[1]), t[1]), t[0])
}

// first returns where a ray meets the surface.
func (m *solid) first(r ray, near, far float64) (t float64, hit bool) {
	step := 0.9 * min(m.voxel[0], m.voxel[1], m.voxel[2])
	for t = near; t < far; {
		leave, empty := m.skip(r, r.at(t))
		if leave += t + 1e-6*step; empty {
			t = leave
			continue
		}
		for ; t < leave; t += step {
			if p := r.at(t); m.near(p) && m.at(p) >= 0.5 {
				return m.refine(r, max(near, t-step), t), true
			}
		}
	}
	return 0, false
}

// refine halves the stretch of a ray in which it meets the surface.
func (m *solid) refine(r ray, outside, inside float64) float64 {
	if m.at(r.at(outside)) >= 0.5 {
		return outside
	}
	for range 6 {
		if middle := (outside + inside) / 2; m.at(r.at(middle)) >= 0.5 {
			inside = middle
		} else {
			outside = middle
		}
	}
	return inside
}

// near reports whether there can be a surface at a point, by its voxel alone.
func (m *solid) near(p vec) bool {
	i := 0
	for d, n := range m.shape {
		i = i*n + min(max(int(p[d]/m.voxel[d]), 0), n-1)
	}
	return m.filled[i] > 0.1
}

// skip returns how far a ray goes on within an empty brick.
func (m *solid) skip(r ray, p vec) (leave float64, empty bool) {
	b := 0
	leave = math.Inf(1)
	for d := range 3 {
		edge := float64(m.brick[d]) * m.voxel[d]
		k := min(max(int(p[d]/edge), 0), m.bricks[d]-1)
		b = b*m.bricks[d] + k
		side := float64(k) * edge
		if r.along[d] > 0 {
			side += edge
		}
		if r.along[d] != 0 {
			leave = min(leave, (side-p[d])/r.along[d])
		}
	}
	return max(leave, 0), m.empty[b]
}

// normal returns the outward unit normal of the surface near a point.
func (m *solid) normal(p vec) vec {
	reach := 1.5 * min(m.voxel[0], m.voxel[1], m.voxel[2])
	var n vec
	for d := range 3 {
		a, b := p, p
		a[d] -= reach
		b[d] += reach
		n[d] = m.at(a) - m.at(b)
	}
	return n.unit()
}

// id returns which of the chosen segments the surface at a point belongs to.
func (m *solid) id(p, normal vec) uint64 {
	fine := min(m.voxel[0], m.voxel[1], m.voxel[2])
	for inward := 0.3; inward < 4; inward += 0.4 {
		q := p.sub(normal.scale(inward * fine))
		i, inside := 0, true
		for d, n := range m.shape {
			k := int(math.Floor(q[d] / m.voxel[d]))
			inside = inside && k >= 0 && k < n
			i = i*n + k
		}
		if inside && m.chosen[m.ids[i]] {
			return m.ids[i]
		}
	}
	return 0
}
