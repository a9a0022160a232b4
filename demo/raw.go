package demo

import (
	"math"

	"volara/geometry"
	"volara/nd"
)

// Raw paints labels as a transmission electron microscope would show stained tissue: bright cytoplasm, dark membranes
// where labels meet, mitochondria, nuclei in cell bodies, clouds of vesicles, uneven staining and noise. The result is
// uint8 and has the shape of labels (uint32, 1 to 3 dimensions, as Labels makes them); voxel is its voxel size. It is a
// function of its arguments alone.
func Raw(labels *nd.Array, voxel geometry.Coordinate, seed uint64) (*nd.Array, error) {
	f, err := newFrame(labels.Shape(), voxel)
	if err != nil {
		return nil, err
	}
	dst := nd.New(nd.Uint8, labels.Shape()...)
	out := nd.Values[uint8](dst)
	p := newPainter(f, nd.Values[uint32](labels), hash(seed, 3))
	parallel(f.shape[0], func(z int) {
		plane := f.shape[1] * f.shape[2]
		p.section(out[z*plane:(z+1)*plane], z)
	})
	return dst, nil
}

// Shades of grey.
const (
	cytoplasm = 176
	membrane  = 52
	grain     = 11 // σ of the noise
)

// A painter paints one section (plane) at a time; sections may be painted concurrently.
type painter struct {
	frame      frame
	labels     []uint32
	seed       uint64
	unit       float64
	within     []weighted
	between    []weighted
	organelles []organelle

	cloud, spots, tubules, fibres, mottle, staining, density field
}

func newPainter(f frame, labels []uint32, seed uint64) *painter {
	unit := f.calibre()
	named := func(k uint64, wavelength float64) field { return field{hash(seed, k), wavelength * unit} }
	within, between := stencils(f, 0.17*unit)
	return &painter{
		frame: f, labels: labels, seed: seed, unit: unit, within: within, between: between,
		organelles: findOrganelles(f, labels, hash(seed, 1)),
		cloud:      named(2, 5.5), // where vesicles gather
		spots:      named(3, 0.4), // the vesicles
		tubules:    named(4, 2.3), // endoplasmic reticulum runs where this is 0
		fibres:     named(5, 5.0), // and this is large
		mottle:     named(6, 0.8), // of the cytoplasm
		staining:   named(7, 38),  // of the whole block
		density:    named(8, 4.2), // synaptic densities: dark, thick membranes where this is large
	}
}

// section paints one plane.
func (p *painter) section(dst []uint8, z int) {
	height, width := p.frame.shape[1], p.frame.shape[2]
	image := make([]float32, height*width)
	rows := newRows(width)
	for y := range height {
		p.cytoplasm(image[y*width:(y+1)*width], rows, z, y)
	}
	for i := range p.organelles {
		p.organelles[i].paint(image, p, z)
	}
	light := 5 * (uniform(hash(p.seed, 9, uint64(z))) - 0.5) // no two sections are equally thick
	noise := hash(p.seed, 10)
	for y := range height {
		row := image[y*width : (y+1)*width]
		p.membranes(row, rows, z, y)
		p.staining.row(rows.a, p.frame, z, y)
		at := (z*height + y) * width
		for x, v := range row {
			n := gaussian(mix64(noise ^ uint64(at+x)))
			v += float32(light+grain*n) + 11*rows.a[x]
			dst[y*width+x] = uint8(min(max(v, 0), 255))
		}
	}
}

// rows are buffers for a row of each of a few fields.
type rows struct{ a, b, c []float32 }

func newRows(width int) *rows {
	row := func() []float32 { return make([]float32, width) }
	return &rows{row(), row(), row()}
}

// cytoplasm paints the insides of a row's neurites: each has its own shade and texture.
func (p *painter) cytoplasm(dst []float32, r *rows, z, y int) {
	p.cloud.row(r.a, p.frame, z, y)
	p.fibres.row(r.b, p.frame, z, y)
	p.mottle.row(r.c, p.frame, z, y)
	at := (z*p.frame.shape[1] + y) * p.frame.shape[2]
	shade, axon := float32(0), false
	for x := range dst {
		if label := p.labels[at+x]; x == 0 || label != p.labels[at+x-1] {
			h := hash(p.seed, 11, uint64(label))
			shade = float32(cytoplasm + 34*(uniform(h)-0.5))
			axon = h%5 < 2
		}
		v := shade + 7*r.c[x]
		if axon && r.a[x] > 0.1 {
			spot := float32(p.spots.skewed(p.frame.centre(z, y, x)))
			v -= 85 * rise(0.1, 0.4, r.a[x]) * rise(0.08, 0.34, spot)
		}
		if !axon && r.b[x] > 0 {
			ridge := abs(float32(p.tubules.skewed(p.frame.centre(z, y, x))))
			v -= 45 * rise(0, 0.3, r.b[x]) * (1 - rise(0.02, 0.1, ridge))
		}
		dst[x] = v
	}
}

// rise is smoothstep for float32.
func rise(lo, hi, v float32) float32 {
	t := min(max((v-lo)/(hi-lo), 0), 1)
	return t * t * (3 - 2*t)
}

// membranes darkens a row where other labels are near: black where the section cuts a membrane across, grey where one
// lies in the section.
func (p *painter) membranes(row []float32, r *rows, z, y int) {
	p.density.row(r.a, p.frame, z, y)
	p.others(r.b, p.within, z, y)
	p.others(r.c, p.between, z, y)
	for x, near := range r.b {
		if near == 0 && r.c[x] == 0 {
			continue
		}
		thick := rise(0.42, 0.62, r.a[x])
		cut := rise(0.13-0.1*thick, 0.4-0.15*thick, near)
		lying := (0.55 + 0.2*thick) * rise(0.15, 0.8, r.c[x])
		row[x] += (1 - (1-cut)*(1-lying)) * (membrane - 14*thick - row[x])
	}
}

// others writes for each voxel of a row how much of a stencil around it carries other labels. Beyond the volume
// everything belongs to the same.
func (p *painter) others(dst []float32, s []weighted, z, y int) {
	clear(dst)
	height, width := p.frame.shape[1], p.frame.shape[2]
	row := (z*height + y) * width
	own := p.labels[row : row+width]
	for _, s := range s {
		if z+s.dz < 0 || z+s.dz >= p.frame.shape[0] || y+s.dy < 0 || y+s.dy >= height {
			continue
		}
		from, to := max(0, -s.dx), min(width, width-s.dx)
		if from >= to {
			continue
		}
		shift := (s.dz*height + s.dy) * width
		other := p.labels[row+shift+from+s.dx : row+shift+to+s.dx]
		out := dst[from:to]
		for x, l := range own[from:to] {
			if other[x] != l {
				out[x] += s.weight
			}
		}
	}
}

// A weighted voxel of a stencil.
type weighted struct {
	dz, dy, dx int
	weight     float32
}

// stencils return the voxels around one, with the weights of a Gaussian in world units: those of its own section, and
// those of the sections before and after. Either sum to 1; the second is empty in a flat volume.
func stencils(f frame, sigma float64) (within, between []weighted) {
	var reach [3]int
	for d := 1; d < 3; d++ {
		if !f.flat(d) {
			reach[d] = int(2.6 * sigma / f.voxel[d])
		}
	}
	for dy := -reach[1]; dy <= reach[1]; dy++ {
		for dx := -reach[2]; dx <= reach[2]; dx++ {
			away := math.Hypot(float64(dy)*f.voxel[1], float64(dx)*f.voxel[2]) / sigma
			w := float32(math.Exp(-away * away / 2))
			within = append(within, weighted{0, dy, dx, w})
			if !f.flat(0) && max(dy, -dy, dx, -dx) <= 1 {
				between = append(between, weighted{-1, dy, dx, w}, weighted{1, dy, dx, w})
			}
		}
	}
	normalize(within)
	normalize(between)
	return within, between
}

func normalize(stencil []weighted) {
	sum := float32(0)
	for _, s := range stencil {
		sum += s.weight
	}
	for i := range stencil {
		stencil[i].weight /= sum
	}
}
