package ngff

import (
	"fmt"
	"math"
)

// A Choice picks a level of an image.
type Choice func(m *Multiscale) (*Level, error)

// Index picks a level by its place in the image's list; 0 is the finest.
func Index(i int) Choice {
	return func(m *Multiscale) (*Level, error) { return m.Level(i) }
}

// Nearest picks the level whose voxels are nearest in size to the given one: the smallest sum of squared logarithms of the
// ratios along the axes, the finer of two that are equally near. The size has one number for each axis of space and time,
// or for each of space, in the order of the axes; it is in unit, or in the image's own units when unit is "".
func Nearest(voxelSize []float64, unit string) Choice {
	return func(m *Multiscale) (*Level, error) {
		for _, v := range voxelSize {
			if !(v > 0) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("%s: no level is near voxel size %v: it must be positive", m.group.File, voxelSize)
			}
		}
		levels, err := m.Levels()
		if err != nil {
			return nil, err
		}
		var best *Level
		least := math.Inf(1)
		for _, l := range levels {
			have, err := l.sizes(len(voxelSize), unit)
			if err != nil {
				return nil, fmt.Errorf("%s: choosing a level near voxel size %v: %w", m.group.File, voxelSize, err)
			}
			if d := distance(have, voxelSize); best == nil || d < least {
				best, least = l, d
			}
		}
		return best, nil
	}
}

// sizes returns the level's voxel size along n axes: those of space and time, or those of space alone.
func (l *Level) sizes(n int, unit string) ([]float64, error) {
	axes := l.Axes
	if axes == nil {
		axes = oldAxes()
	}
	var physical, space []float64
	for i, a := range axes {
		if !a.Physical() {
			continue
		}
		size := 1.0
		if l.Scale != nil {
			if len(l.Scale) != len(axes) {
				return nil, fmt.Errorf("a scale of %d axes for level %q, which has %d", len(l.Scale), l.Path, len(axes))
			}
			size = l.Scale[i]
		}
		if unit != "" && a.Kind() == "space" {
			var err error
			if size, err = Convert(size, a.Unit, unit); err != nil {
				return nil, fmt.Errorf("axis %q: %w", a.Name, err)
			}
		}
		physical = append(physical, size)
		if a.Kind() == "space" {
			space = append(space, size)
		}
	}
	switch n {
	case len(physical):
		return physical, nil
	case len(space):
		return space, nil
	}
	return nil, fmt.Errorf("%d numbers for %d axes of space and time", n, len(physical))
}

// distance is infinite for a level whose scale is not positive.
func distance(have, want []float64) float64 {
	sum := 0.0
	for i := range have {
		if !(have[i] > 0) {
			return math.Inf(1)
		}
		d := math.Log(have[i]) - math.Log(want[i])
		sum += d * d
	}
	return sum
}

// Choose picks a level; a nil choice is the first, which is the finest.
func (m *Multiscale) Choose(c Choice) (*Level, error) {
	if c == nil {
		c = Index(0)
	}
	return c(m)
}
