package transfer

import (
	"math"
	"slices"

	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
)

// maxFactor bounds by how much one level is coarser than the one before.
const maxFactor = 1 << 10

// steps returns by how much each level is coarser than the one before, for every level but the first.
func (p *pyramid) steps(base zarr.Spec) ([][]int, error) {
	given, err := p.given()
	if err != nil {
		return nil, err
	}
	if p.parent != "" && given == nil {
		return p.stepsAbove()
	}
	var steps [][]int
	shape := slices.Clone(base.Shape)
	size := p.sizes()
	for p.Levels == 0 || len(steps) < p.Levels-1 {
		factor := given
		if factor == nil {
			factor = p.isotropic(shape, size)
		}
		factor = within(factor, shape)
		if p.Levels == 0 && p.fits(shape, base.Chunks, given) {
			break
		}
		if !slices.ContainsFunc(factor, func(f int) bool { return f > 1 }) {
			if p.Levels == 0 || p.parent != "" {
				break
			}
			return nil, volume.Refuse("--levels %d: after %d the shape is %v, of which nothing is left to make coarser", p.Levels, len(steps)+1, shape)
		}
		for d, f := range factor {
			shape[d] = (shape[d] + f - 1) / f
			size[d] *= float64(f)
		}
		steps = append(steps, factor)
	}
	for p.parent != "" && len(steps) < p.Levels-1 { // OME-NGFF demands as many levels
		steps = append(steps, slices.Repeat([]int{1}, len(shape)))
	}
	return steps, nil
}

// given returns the factors that were asked for along every axis, nil where none were.
func (p *pyramid) given() ([]int, error) {
	axes, space := p.image.Axes, p.space()
	if p.Factor == nil {
		return nil, nil
	}
	factor := slices.Repeat([]int{1}, len(axes))
	switch len(p.Factor) {
	case len(axes):
		copy(factor, p.Factor)
	case len(space):
		for i, d := range space {
			factor[d] = p.Factor[i]
		}
	default:
		return nil, volume.Refuse("--factor %v: a number for each of the %d axes of space is meant, or for each of all %d", p.Factor, len(space), len(axes))
	}
	coarser := false
	for d, f := range factor {
		if f < 1 || f > maxFactor {
			return nil, volume.Refuse("--factor %v: numbers from 1 to %d are possible", p.Factor, maxFactor)
		}
		if f > 1 && !slices.Contains(space, d) {
			return nil, volume.Refuse("--factor %v: the axis %s is of type %s, which stays as it is: 1", p.Factor, axes[d].Name, axes[d].Type)
		}
		coarser = coarser || f > 1
	}
	if !coarser {
		return nil, volume.Refuse("--factor %v makes nothing coarser", p.Factor)
	}
	return factor, nil
}

// space lists the axes of space.
func (p *pyramid) space() []int {
	var axes []int
	for d, a := range p.image.Axes {
		if a.Type == "space" {
			axes = append(axes, d)
		}
	}
	return axes
}

// sizes returns the voxel size along every axis: in nanometers, where the units of all axes of space are known.
func (p *pyramid) sizes() []float64 {
	plain := slices.Clone(p.image.Levels[0].Scale)
	sizes := slices.Clone(plain)
	for _, d := range p.space() {
		v, err := ngff.Convert(plain[d], p.image.Axes[d].Unit, "nanometer")
		if err != nil {
			return plain
		}
		sizes[d] = v
	}
	return sizes
}

// isotropic returns 2 for the axes of space along which voxels are short, and 1 for all others: those along which they are
// longer than the shortest by more than √2, so that halving the others brings them nearer to a cube. An axis of one voxel
// does not count.
func (p *pyramid) isotropic(shape []int, size []float64) []int {
	shortest := math.Inf(1)
	for _, d := range p.space() {
		if shape[d] > 1 {
			shortest = min(shortest, size[d])
		}
	}
	factor := slices.Repeat([]int{1}, len(shape))
	for _, d := range p.space() {
		if size[d] <= math.Sqrt2*shortest {
			factor[d] = 2
		}
	}
	return factor
}

// within returns the factors with 1 where there is but one voxel.
func within(factor, shape []int) []int {
	factor = slices.Clone(factor)
	for d, n := range shape {
		if n <= 1 {
			factor[d] = 1
		}
	}
	return factor
}

// fits reports whether an array is one chunk along the axes of space, of those alone that given factors make shorter.
func (p *pyramid) fits(shape, chunks, given []int) bool {
	for _, d := range p.space() {
		if shape[d] > chunks[d] && (given == nil || given[d] > 1) {
			return false
		}
	}
	return true
}

// stepsAbove returns the factors of the labelled image along the axes of its labels, which may lack some and have others,
// but not all others: their levels would all be of one size.
func (p *pyramid) stepsAbove() ([][]int, error) {
	index := func(d int) int {
		return slices.IndexFunc(p.above, func(a ngff.Axis) bool { return a.Name == p.image.Axes[d].Name })
	}
	if !slices.ContainsFunc(p.space(), func(d int) bool { return index(d) >= 0 }) {
		return nil, volume.Refuse("the labels' axes %v are none of the image's, %v; --factor says by how much each level is coarser",
			axisNames(p.image.Axes), axisNames(p.above))
	}
	var steps [][]int
	for _, above := range p.factors {
		step := slices.Repeat([]int{1}, len(p.image.Axes))
		for _, d := range p.space() {
			if i := index(d); i >= 0 && i < len(above) {
				step[d] = above[i]
			}
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func axisNames(axes []ngff.Axis) []string {
	var names []string
	for _, a := range axes {
		names = append(names, a.Name)
	}
	return names
}

// ratio returns by how much a scale is coarser than a finer one, in whole numbers.
func ratio(finer, coarser []float64) []int {
	factor := make([]int, min(len(finer), len(coarser)))
	for d := range factor {
		factor[d] = int(max(1, min(maxFactor, math.Round(coarser[d]/finer[d])))) // 1 for NaN
		if !(coarser[d]/finer[d] > 0) {
			factor[d] = 1
		}
	}
	return factor
}
