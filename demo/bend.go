package demo

import "math"

// A bend displaces space smoothly: random displacements at the corners of a lattice of cells, each a few voxels wide,
// interpolated linearly between them.
type bend struct {
	frame   frame
	cell    [3]int // voxels in a cell
	cells   [3]int // number of cells
	size    vec    // world size of a cell
	corners []vec  // displaced positions of the (cells+1) corners
	most    float64
}

// newBend makes cells about 1.4 calibres wide and displaces by up to about a calibre.
func newBend(f frame, seed uint64) *bend {
	b := &bend{frame: f}
	unit := f.calibre()
	for d := range 3 {
		b.cell[d] = min(f.shape[d], max(1, int(math.Round(1.4*unit/f.voxel[d]))))
		b.cells[d] = (f.shape[d] + b.cell[d] - 1) / b.cell[d]
		b.size[d] = float64(b.cell[d]) * f.voxel[d]
	}
	nz, ny, nx := b.cells[0]+1, b.cells[1]+1, b.cells[2]+1
	b.corners = make([]vec, nz*ny*nx)
	parallel(nz, func(z int) {
		for y := range ny {
			for x := range nx {
				at := vec{float64(z) * b.size[0], float64(y) * b.size[1], float64(x) * b.size[2]}
				b.corners[(z*ny+y)*nx+x] = at.add(b.displacement(at, seed))
			}
		}
	})
	b.most = 1.1 * unit * math.Sqrt(3)
	return b
}

// displacement returns the bend at a point: slow waves and half as strong, faster ones.
func (b *bend) displacement(at vec, seed uint64) vec {
	unit := b.frame.calibre()
	var by vec
	for d := range 3 {
		if b.frame.flat(d) {
			continue
		}
		slow := field{hash(seed, uint64(d), 1), 5 * unit}
		fast := field{hash(seed, uint64(d), 2), 2.1 * unit}
		by[d] = unit * (0.8*slow.at(at) + 0.3*fast.at(at))
	}
	return by
}

// at returns the displaced position of a point given in voxels, within or on the faces of the cell that holds voxel.
func (b *bend) at(voxel [3]int, z, y, x float64) vec {
	cz, cy, cx := voxel[0]/b.cell[0], voxel[1]/b.cell[1], voxel[2]/b.cell[2]
	tz := z/float64(b.cell[0]) - float64(cz)
	ty := y/float64(b.cell[1]) - float64(cy)
	tx := x/float64(b.cell[2]) - float64(cx)
	ny, nx := b.cells[1]+1, b.cells[2]+1
	near := b.corners[(cz*ny+cy)*nx+cx:]
	far := near[ny*nx:]
	var p vec
	for d := range 3 {
		p[d] = mix(
			mix(mix(near[0][d], near[1][d], tx), mix(near[nx][d], near[nx+1][d], tx), ty),
			mix(mix(far[0][d], far[1][d], tx), mix(far[nx][d], far[nx+1][d], tx), ty), tz)
	}
	return p
}

// within reports whether a box lies within one cell.
func (b *bend) within(v box) bool {
	for d := range 3 {
		if (v.hi[d]-1)/b.cell[d] > v.lo[d]/b.cell[d] {
			return false
		}
	}
	return true
}

// ball returns a ball that holds the displaced positions of all points in a box of voxels.
func (b *bend) ball(v box) (centre vec, radius float64) {
	lo := vec{float64(v.lo[0]), float64(v.lo[1]), float64(v.lo[2])}
	hi := vec{float64(v.hi[0]), float64(v.hi[1]), float64(v.hi[2])}
	if !b.within(v) {
		for d, size := range b.frame.voxel {
			lo[d], hi[d] = lo[d]*size, hi[d]*size
		}
		return lerp(lo, hi, 0.5), lo.towards(hi)/2 + b.most
	}
	var around [8]vec
	for i := range around {
		z, y, x := lo[0], lo[1], lo[2]
		if i&4 > 0 {
			z = hi[0]
		}
		if i&2 > 0 {
			y = hi[1]
		}
		if i&1 > 0 {
			x = hi[2]
		}
		around[i] = b.at(v.lo, z, y, x)
		centre = centre.add(around[i].scale(1.0 / 8))
	}
	square := 0.0
	for _, c := range around {
		away := c.sub(centre)
		square = max(square, away.dot(away))
	}
	return centre, math.Sqrt(square) * (1 + 1e-9)
}
