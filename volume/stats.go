package volume

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"volara/nd"
)

// Stats are the statistics of the voxels of a box.
type Stats struct {
	Path   string `json:"path"`
	DType  string `json:"dtype"`
	Offset []int  `json:"offset"` // of the box, in voxels
	Shape  []int  `json:"shape"`
	Moments
	// Of is "value", or for complex numbers, whose order is not defined, "magnitude".
	Of string `json:"of"`
	// Distinct is the number of different values; nil where it was not counted.
	Distinct *int64 `json:"distinct"`
	// Spilled is how many bytes of a temporary file counting them took.
	Spilled int64 `json:"spilled_bytes,omitempty"`
	// Histogram is nil where it was not asked for or there are no values.
	Histogram *Histogram `json:"histogram"`
	// Channels has one entry for each channel, in C order of the channel axes; nil without such axes.
	Channels []ChannelStats `json:"channels,omitempty"`
}

// ChannelStats are the statistics of a channel.
type ChannelStats struct {
	Channel []int `json:"channel"` // its index along each channel axis
	Moments
}

// StatsOptions say what is wanted of Measure.
type StatsOptions struct {
	Limits
	// Bins is the number of bins of the histogram, 0 for none. Low and High are its range, where known: the lowest and
	// the highest value by default, which takes a second pass for types of more than two bytes.
	Bins      int
	Low, High *float64
	// Distinct counts different values of integers.
	Distinct bool
	// TempDir is where to put what does not fit the memory while they are counted; "" for the system's folder.
	TempDir string
}

// maxChannels is the largest number of channels whose statistics are kept apart.
const maxChannels = 1 << 12

// Measure returns the statistics of a box of an array. They do not depend on the number of workers.
func Measure(ctx context.Context, a *Array, b Box, o StatsOptions) (Stats, error) {
	dtype := a.DType()
	s := Stats{Path: a.Path(), DType: dtype.String(), Offset: b.Offset, Shape: b.Shape, Of: "value"}
	channels, err := channelAxes(a)
	if err != nil {
		return s, err
	}
	p := &pass{a: a, dtype: dtype, box: b, channels: channels, limits: o.Limits}
	if dtype.IsComplex() {
		p.dtype, s.Of = nd.Float64, "magnitude"
	}
	if n := p.channelCount(); n > maxChannels {
		return s, Refuse("%s has %d channels in the box; at most %d are possible: choose fewer with --voxels", a.Path(), n, maxChannels)
	}
	if o.Distinct && dtype.IsInteger() && dtype.Size() > 2 {
		p.limits.Memory = o.Memory / 2 // of which blocks take half
		p.ids = newDistinct(o.Memory/4, o.TempDir)
		defer p.ids.close()
	}
	if err := p.reserve(); err != nil {
		return s, err
	}
	if err := p.tally(ctx); err != nil {
		return s, fmt.Errorf("statistics of %s: %w", a.Path(), err)
	}
	for i, m := range p.moments {
		if channels != nil {
			s.Channels = append(s.Channels, ChannelStats{p.channelIndex(i), m})
		}
	}
	s.Moments = p.total.moments()
	if err := s.countDistinct(p.total, p.ids, o.Distinct && dtype.IsInteger()); err != nil {
		return s, err
	}
	return s, s.bin(ctx, p, o)
}

// countDistinct sets the number of different values.
func (s *Stats) countDistinct(total tally, ids *distinct, wanted bool) error {
	if !wanted {
		return nil
	}
	var n int64
	if t, ok := total.(*table); ok {
		n = t.distinct()
	} else {
		var err error
		if n, err = ids.count(); err != nil {
			return err
		}
		s.Spilled = ids.size
	}
	s.Distinct = &n
	return nil
}

// bin sets the histogram.
func (s *Stats) bin(ctx context.Context, p *pass, o StatsOptions) error {
	if o.Bins == 0 || s.low == nil {
		return nil
	}
	lo, hi, err := binRange(s, p.dtype, o)
	if err != nil {
		return err
	}
	if t, ok := p.total.(*table); ok {
		h := t.histogramOf(lo, hi, o.Bins)
		s.Histogram = &h
		return nil
	}
	bins := func() binner {
		if p.dtype.IsInteger() {
			return integerBinsBetween(lo, hi, !p.dtype.IsUnsigned(), o.Bins)
		}
		return newFloatBins(lo.Float(), hi.Float(), o.Bins)
	}
	h, err := p.bin(ctx, bins)
	if err != nil {
		return fmt.Errorf("histogram of %s: %w", p.a.Path(), err)
	}
	s.Histogram = &h
	return nil
}

// binRange returns the range of the histogram: what was given, or that of the finite values.
func binRange(s *Stats, t nd.DType, o StatsOptions) (lo, hi Value, err error) {
	lo, hi = *s.low, *s.high
	bound := func(given *float64, v *Value) {
		if given == nil {
			return
		}
		if *v = floatValue(*given, 64); !t.IsFloat() {
			*v = Value(strconv.FormatFloat(*given, 'f', 0, 64))
		}
	}
	bound(o.Low, &lo)
	bound(o.High, &hi)
	if lo.Float() > hi.Float() {
		return lo, hi, Refuse("the histogram's range %s to %s is empty", lo, hi)
	}
	return lo, hi, nil
}

// channelAxes returns the axes that are not physical, nil where there are none.
func channelAxes(a *Array) ([]int, error) {
	place, err := a.Place()
	if err != nil {
		return nil, err
	}
	var axes []int
	physical := place.Physical()
	for d := range a.Shape() {
		if !slices.Contains(physical, d) {
			axes = append(axes, d)
		}
	}
	return axes, nil
}
