package demo

import (
	"fmt"
	"math"

	"volara/geometry"
	"volara/nd"
)

// TieFree changes float32 affinities (channel first, 1 to 3 dimensions) in place until no two pairs have equal
// |affinity + bias|, whether summed as float32 or float64: the order in which a mutex watershed visits them is then
// beyond doubt. Noisy affinities move by less than 10⁻⁵, crowds of equal ones by up to 0.03. bias has one value a
// channel. Pairs that leave the volume are left alone. It fails, affinities partly changed, where there are so many
// pairs that float32 cannot tell them apart.
func TieFree(affs *nd.Array, offsets []geometry.Coordinate, bias []float64) error {
	if len(offsets) != affs.Shape()[0] || len(bias) != len(offsets) {
		return fmt.Errorf("%d offsets and %d biases for %d channels", len(offsets), len(bias), affs.Shape()[0])
	}
	taken := strengths{map[float32]struct{}{}, map[float64]struct{}{}}
	shape := lift(affs.Shape()[1:])
	a := newAffinities(nd.New(nd.Uint32, affs.Shape()[1:]...), AffinityOptions{Offsets: offsets})
	for c, b := range bias {
		lo, hi, _ := a.inside(c)
		values := nd.Values[float32](affs.Sub(c))
		for z := lo[0]; z < hi[0]; z++ {
			for y := lo[1]; y < hi[1]; y++ {
				for x := lo[2]; x < hi[2]; x++ {
					v := &values[(z*shape[1]+y)*shape[2]+x]
					if !taken.settle(v, b) {
						return fmt.Errorf("channel %d voxel (%d, %d, %d): no affinity near %g is free of ties", c, z, y, x, *v)
					}
				}
			}
		}
	}
	return nil
}

// strengths remembers how strong the pairs so far are, in either precision.
type strengths struct {
	single map[float32]struct{}
	double map[float64]struct{}
}

// settle moves v to an affinity nearby whose strength is not taken, and takes it. The moves are pseudo-random in a
// window that doubles every few tries, so that a crowd of equal affinities spreads quickly.
func (s strengths) settle(v *float32, bias float64) bool {
	const unit = 1.0 / (1 << 24) // the spacing of float32 below 1
	from := *v
	for try := range uint64(72) {
		single := abs(*v + float32(bias))
		double := math.Abs(float64(*v) + bias)
		_, a := s.single[single]
		_, b := s.double[double]
		if !a && !b {
			s.single[single], s.double[double] = struct{}{}, struct{}{}
			return true
		}
		window := uint64(4) << (try / 4)
		move := unit * float32(hash(uint64(math.Float32bits(from)), uint64(len(s.single)), try)%window)
		if *v = from + move; *v > 1 {
			*v = from - move
		}
	}
	return false
}
