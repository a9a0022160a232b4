package demo

import (
	"math"

	"volara/geometry"
	"volara/nd"
)

// AffinityOptions says which affinities are made and how far they are from the truth.
type AffinityOptions struct {
	Offsets []geometry.Coordinate // in voxels; one channel each
	Blur    float64               // σ of a Gaussian along every axis, in voxels
	Noise   float64               // σ of what is added to each affinity
	Seed    uint64
}

// DefaultAffinities returns options for voxels of a size: the direct neighbours along each axis, then neighbours two
// and four times as far away as the coarsest axis is, rounded to voxels; some blur and noise.
func DefaultAffinities(voxel geometry.Coordinate, seed uint64) AffinityOptions {
	coarse := 0
	for _, v := range voxel {
		coarse = max(coarse, v)
	}
	o := AffinityOptions{Blur: 0.6, Noise: 0.08, Seed: seed}
	for _, far := range []int{0, 2, 4} {
		for d, v := range voxel {
			offset := geometry.Fill(len(voxel), 0)
			offset[d] = max(1, int(math.Round(float64(far*coarse)/float64(v))))
			o.Offsets = append(o.Offsets, offset)
		}
	}
	return o
}

// Affinities returns, channel first, how surely two voxels belong together: uint8, shape (offsets, labels' shape),
// channel c at voxel p for the pair p, p + Offsets[c]. It is 1 where both carry the same label and that is not 0,
// blurred within the pairs that lie inside the volume, noise added, clipped to [0, 1], times 255, rounded. Pairs that
// leave the volume have 0. labels is uint32 and has 1 to 3 dimensions, each offset as many.
func Affinities(labels *nd.Array, o AffinityOptions) *nd.Array {
	dst := nd.New(nd.Uint8, append([]int{len(o.Offsets)}, labels.Shape()...)...)
	out := nd.Values[uint8](dst)
	newAffinities(labels, o).each(func(at int, values []float32) {
		for i, v := range values {
			out[at+i] = quantize(v)
		}
	})
	return dst
}

// AffinitiesFloat32 returns what Affinities does as float32 in [0, 1]; what noise carries beyond is folded back in, so
// that values do not pile up at the ends.
func AffinitiesFloat32(labels *nd.Array, o AffinityOptions) *nd.Array {
	dst := nd.New(nd.Float32, append([]int{len(o.Offsets)}, labels.Shape()...)...)
	out := nd.Values[float32](dst)
	newAffinities(labels, o).each(func(at int, values []float32) {
		for i, v := range values {
			out[at+i] = min(max(1-abs(1-abs(v)), 0), 1)
		}
	})
	return dst
}

func quantize(v float32) uint8 { return uint8(min(max(v, 0), 1)*255 + 0.5) }

func abs(v float32) float32 { return max(v, -v) }

// affinities computes slabs of planes of one channel; its methods may be called concurrently.
type affinities struct {
	labels  []uint32
	shape   [3]int
	offsets [][3]int
	kernel  []float32 // a Gaussian's right half, centre first
	noise   float32
	seed    uint64
}

func newAffinities(labels *nd.Array, o AffinityOptions) *affinities {
	a := &affinities{
		labels: nd.Values[uint32](labels), shape: lift(labels.Shape()),
		kernel: halfGaussian(o.Blur), noise: float32(o.Noise), seed: hash(o.Seed, 2),
	}
	for _, offset := range o.Offsets {
		var by [3]int
		copy(by[3-len(offset):], offset)
		a.offsets = append(a.offsets, by)
	}
	return a
}

// halfGaussian returns the weights of a Gaussian at 0, 1, … up to 3σ; with its mirror image they sum to 1.
func halfGaussian(sigma float64) []float32 {
	if sigma <= 0 {
		return []float32{1}
	}
	weights, sum := make([]float64, int(math.Ceil(3*sigma))+1), 0.0
	for i := range weights {
		weights[i] = math.Exp(-0.5 * float64(i*i) / (sigma * sigma))
		if sum += weights[i]; i > 0 {
			sum += weights[i]
		}
	}
	half := make([]float32, len(weights))
	for i, w := range weights {
		half[i] = float32(w / sum)
	}
	return half
}

// slabDepth is the number of planes computed at once: many enough that those which two slabs share cost little.
const slabDepth = 16

// each computes all channels in slabs and hands them on, concurrently; at is a slab's place in the channel-first array.
func (a *affinities) each(take func(at int, values []float32)) {
	plane := a.shape[1] * a.shape[2]
	slabs := (a.shape[0] + slabDepth - 1) / slabDepth
	parallel(len(a.offsets)*slabs, func(i int) {
		channel, from := i/slabs, i%slabs*slabDepth
		to := min(from+slabDepth, a.shape[0])
		values := make([]float32, (to-from)*plane)
		a.slab(values, channel, from, to)
		take((channel*a.shape[0]+from)*plane, values)
	})
}

// slab computes the planes [from, to) of a channel, noise added, not clipped.
func (a *affinities) slab(dst []float32, channel, from, to int) {
	lo, hi, any := a.inside(channel)
	if !any {
		return
	}
	reach := len(a.kernel) - 1
	from, to, first := max(from, lo[0]), min(to, hi[0]), from
	if from >= to {
		return
	}
	plane := a.shape[1] * a.shape[2]
	begin, end := max(from-reach, lo[0]), min(to+reach, hi[0])
	blurred := make([]float32, (end-begin)*plane)
	scratch := make([]float32, plane)
	for z := begin; z < end; z++ {
		a.plane(blurred[(z-begin)*plane:(z-begin+1)*plane], scratch, channel, z, lo, hi)
	}
	for z := from; z < to; z++ {
		out := dst[(z-first)*plane : (z-first+1)*plane]
		for k := -reach; k <= reach; k++ {
			near := min(max(z+k, lo[0]), hi[0]-1) - begin
			weight := a.kernel[max(k, -k)]
			for i, v := range blurred[near*plane : (near+1)*plane] {
				out[i] += weight * v
			}
		}
		a.addNoise(out, channel, z, lo, hi)
	}
}

// inside returns the box of voxels whose partner lies inside the volume.
func (a *affinities) inside(channel int) (lo, hi [3]int, any bool) {
	for d, by := range a.offsets[channel] {
		lo[d], hi[d] = max(0, -by), a.shape[d]-max(0, by)
		if lo[d] >= hi[d] {
			return lo, hi, false
		}
	}
	return lo, hi, true
}

// plane writes one plane of the truth, blurred along its two axes. Beyond the pairs inside the volume the nearest of
// them is taken.
func (a *affinities) plane(dst, scratch []float32, channel, z int, lo, hi [3]int) {
	width, reach := a.shape[2], len(a.kernel)-1
	by := a.offsets[channel]
	shift := (by[0]*a.shape[1]+by[1])*width + by[2]
	same := make([]float32, width+2*reach)
	for y := lo[1]; y < hi[1]; y++ {
		row := (z*a.shape[1] + y) * width
		for x := lo[2] - reach; x < hi[2]+reach; x++ {
			at := row + min(max(x, lo[2]), hi[2]-1)
			same[x-lo[2]+reach] = 0
			if l := a.labels[at]; l != 0 && l == a.labels[at+shift] {
				same[x-lo[2]+reach] = 1
			}
		}
		out := scratch[y*width : (y+1)*width]
		for x := lo[2]; x < hi[2]; x++ {
			sum, mid := float32(0), x-lo[2]+reach
			for k := reach; k > 0; k-- {
				sum += a.kernel[k] * (same[mid-k] + same[mid+k])
			}
			out[x] = sum + a.kernel[0]*same[mid]
		}
	}
	for y := lo[1]; y < hi[1]; y++ {
		out := dst[y*width : (y+1)*width]
		for k := -reach; k <= reach; k++ {
			near := min(max(y+k, lo[1]), hi[1]-1)
			weight := a.kernel[max(k, -k)]
			for x, v := range scratch[near*width : (near+1)*width] {
				out[x] += weight * v
			}
		}
	}
}

// addNoise adds to the pairs of a plane that lie inside the volume what belongs to their channel and voxel.
func (a *affinities) addNoise(out []float32, channel, z int, lo, hi [3]int) {
	seed := hash(a.seed, uint64(channel))
	for y := range a.shape[1] {
		row := out[y*a.shape[2] : (y+1)*a.shape[2]]
		if y < lo[1] || y >= hi[1] {
			clear(row)
			continue
		}
		clear(row[:lo[2]])
		clear(row[hi[2]:])
		at := uint64(z*a.shape[1]+y) * uint64(a.shape[2])
		for x := lo[2]; x < hi[2] && a.noise > 0; x++ {
			row[x] += a.noise * float32(gaussian(mix64(seed^(at+uint64(x)))))
		}
	}
}
