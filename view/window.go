package view

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"volara/nd"
)

// sampleEdge is how many voxels along each axis of space are looked at to find the range of an image's values.
const sampleEdge = 64

// findRanges finds the range of values that black and white stand for, of each channel that has none: what the type can
// hold in the case of one byte, else what is found in the middle of the coarsest level.
func (l *Layer) findRanges(ctx context.Context) error {
	n := l.channels()
	l.ranges = make([]Range, n)
	missing := false
	for c := range l.ranges {
		if c < len(l.dataset.Channels) && l.dataset.Channels[c].Window != nil {
			l.ranges[c] = *l.dataset.Channels[c].Window
			continue
		}
		missing = true
		l.ranges[c] = fullRange(l.Type)
	}
	if !missing || l.Type.Size() == 1 {
		return nil
	}
	found, err := l.sample(ctx, n)
	if err != nil { // the picture comes out badly, or says itself what is wrong
		l.Notes = append(l.Notes, fmt.Sprintf("the range of values could not be found: %v", err))
		return ctx.Err()
	}
	for c := range l.ranges {
		given := c < len(l.dataset.Channels) && l.dataset.Channels[c].Window != nil
		if !given && found[c].High > found[c].Low {
			l.ranges[c] = found[c]
		}
	}
	return nil
}

// channels returns the number of channels that a shader is given.
func (l *Layer) channels() int {
	n := 1
	for _, a := range l.axes {
		if strings.HasSuffix(a.name, "^") {
			n *= a.size
		}
	}
	return n
}

// fullRange is the range of a type's values, of floats 0 to 1.
func fullRange(t nd.DType) Range {
	bits := 8 * t.Size()
	switch {
	case t == nd.Bool || t.IsFloat():
		return Range{0, 1}
	case t >= nd.Int8 && t <= nd.Int64:
		return Range{-math.Ldexp(1, bits-1), math.Ldexp(1, bits-1) - 1}
	}
	if bits == 64 {
		return Range{0, math.Ldexp(1, 64) - 2048} // the largest that is a float64
	}
	return Range{0, math.Ldexp(1, bits) - 1}
}

// sample returns the range from the 1st to the 99th percentile of each channel, in the middle of the coarsest level.
func (l *Layer) sample(ctx context.Context, channels int) ([]Range, error) {
	v := l.dataset.Levels[len(l.dataset.Levels)-1]
	shape := slices.Clone(v.Shape())
	offset, place := make([]int, len(shape)), make([]int, len(shape))
	stride := 1
	for d := len(shape) - 1; d >= 0; d-- {
		if strings.HasSuffix(l.axes[d].name, "^") {
			place[d], stride = stride, stride*shape[d]
			continue
		}
		edge := 1
		if v.Spatial.Types[d] == "space" {
			edge = sampleEdge
		}
		whole := shape[d]
		shape[d] = min(edge, whole)
		offset[d] = (whole - shape[d]) / 2
	}
	data := nd.New(v.DType(), shape...)
	if err := v.ReadInto(ctx, data, offset); err != nil {
		return nil, err
	}
	values := make([][]float64, channels)
	at := make([]int, len(shape))
	for _, x := range floats(data) {
		c := 0
		for d, i := range at {
			c += i * place[d]
		}
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			values[c] = append(values[c], x)
		}
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < shape[d] {
				break
			}
			at[d] = 0
		}
	}
	ranges := make([]Range, channels)
	for c, list := range values {
		if slices.Sort(list); len(list) > 0 {
			ranges[c] = Range{list[len(list)/100], list[len(list)-1-len(list)/100]}
		}
	}
	return ranges, nil
}

// floats returns the elements of an array as numbers; the result may be the array's own memory.
func floats(a *nd.Array) []float64 { return nd.Values[float64](a.As(nd.Float64)) }
