package kernels

import (
	"fmt"
	"math/rand/v2"

	"volara/nd"
)

// A lattice is the set of voxels p of a volume for which p+offset lies in the volume too, possibly thinned out: to
// every stride-th voxel of each axis, counted from the first that qualifies, or at random. It walks the voxels in
// C order, and a second walk visits the same ones.
type lattice struct {
	lo, hi  []int // the box of the qualifying voxels, half-open
	step    []int
	strides []int // of the volume, in elements
	shift   int   // from voxel p to p+offset, in elements
	thin    thinning
}

// A thinning keeps each voxel with probability keep/2⁶⁴, reproducibly.
type thinning struct {
	active bool
	keep   uint64
	seed   [2]uint64
}

// newLattice returns the voxels that have a partner at offset. A nil step is a step of one along every axis.
func newLattice(shape, offset, step []int) *lattice {
	if len(offset) != len(shape) || (step != nil && len(step) != len(shape)) {
		panic(fmt.Sprintf("kernels: offset %v and stride %v for shape %v", offset, step, shape))
	}
	l := &lattice{lo: make([]int, len(shape)), hi: make([]int, len(shape)), step: make([]int, len(shape)), strides: nd.Strides(shape)}
	for d, o := range offset {
		l.lo[d], l.hi[d], l.step[d] = max(0, -o), min(shape[d], shape[d]-o), 1
		if step != nil {
			l.step[d] = step[d]
		}
		if l.step[d] < 1 {
			panic(fmt.Sprintf("kernels: stride %v", step))
		}
		l.shift += o * l.strides[d]
	}
	return l
}

// randomize replaces the regular steps by a random choice of the same density.
func (l *lattice) randomize(r *rand.Rand) {
	every := 1
	for d, s := range l.step {
		every *= s
		l.step[d] = 1
	}
	if every > 1 {
		l.thin = thinning{active: true, keep: ^uint64(0)/uint64(every) + 1, seed: [2]uint64{r.Uint64(), r.Uint64()}}
	}
}

// rows calls f for runs of n voxels along the last axis: start, start+step, start+2·step, …
func (l *lattice) rows(f func(start, n, step int)) {
	if l.thin.active {
		f = l.thin.filter(f)
	}
	last := len(l.lo) - 1
	for d := range l.lo {
		if l.hi[d] <= l.lo[d] {
			return
		}
	}
	step := l.step[last]
	n := (l.hi[last] - l.lo[last] + step - 1) / step
	at, start := make([]int, last), 0
	copy(at, l.lo)
	for d, lo := range l.lo {
		start += lo * l.strides[d]
	}
	for {
		f(start, n, step)
		d := last - 1
		for ; d >= 0; d-- {
			at[d] += l.step[d]
			start += l.step[d] * l.strides[d]
			if at[d] < l.hi[d] {
				break
			}
			start -= (at[d] - l.lo[d]) * l.strides[d]
			at[d] = l.lo[d]
		}
		if d < 0 {
			return
		}
	}
}

// filter returns a function that passes single voxels of a run on to f, at random; each walk draws the same numbers.
func (t thinning) filter(f func(start, n, step int)) func(start, n, step int) {
	source := rand.NewPCG(t.seed[0], t.seed[1])
	return func(start, n, _ int) {
		for i := range n {
			if source.Uint64() < t.keep {
				f(start+i, 1, 1)
			}
		}
	}
}
