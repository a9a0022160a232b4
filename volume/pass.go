package volume

import (
	"context"
	"iter"
	"math/cmplx"
	"slices"

	"volara/nd"
)

// A pass reads all voxels of a box once, in blocks of one channel each.
type pass struct {
	a        *Array
	dtype    nd.DType // of what is tallied: the array's, or for complex numbers that of their magnitudes
	box      Box
	channels []int // axes
	limits   Limits
	ids      *distinct // nil where nobody counts

	tallies []tally   // of each channel of the box of which some is read, but not all
	left    []int     // voxels of each channel that are not read
	moments []Moments // of each channel that is read
	total   tally     // of those channels
}

// blockBytes is the size of a block that is worth a goroutine.
const blockBytes = 32 << 20

// blocks cuts the box, for so many workers.
func (p *pass) blocks() (blocks iter.Seq[Box], workers int) {
	return p.limits.Blocks(p.a.Chunks, p.box, p.a.DType().Size()+p.a.Scratch, blockBytes, p.channels)
}

// channelCount returns the number of channels in the box.
func (p *pass) channelCount() int {
	n := 1
	for _, axis := range p.channels {
		n *= p.box.Shape[axis]
	}
	return n
}

// channel returns the number of the channel that a block lies in.
func (p *pass) channel(b Box) int {
	n := 0
	for _, axis := range p.channels {
		n = n*p.box.Shape[axis] + b.Offset[axis] - p.box.Offset[axis]
	}
	return n
}

// channelIndex is the inverse of channel.
func (p *pass) channelIndex(n int) []int {
	index := make([]int, len(p.channels))
	for i := len(p.channels) - 1; i >= 0; i-- {
		axis := p.channels[i]
		index[i] = p.box.Offset[axis] + n%p.box.Shape[axis]
		n /= p.box.Shape[axis]
	}
	return index
}

// A share is what a block adds to its channel.
type share struct {
	channel int
	tally   tally
	voxels  int
}

// take adds a block to its channel, and a channel that is complete to the total.
func (p *pass) take(s share) {
	if p.tallies[s.channel] == nil {
		p.tallies[s.channel] = s.tally
	} else {
		p.tallies[s.channel].merge(s.tally)
	}
	if p.left[s.channel] -= s.voxels; p.left[s.channel] > 0 {
		return
	}
	done := p.tallies[s.channel]
	p.moments[s.channel], p.tallies[s.channel] = done.moments(), nil
	p.total.merge(done)
}

// leastTallies is what tallies may take whatever the memory is.
const leastTallies = 8 << 20

// reserve takes what tallies need from the memory for blocks; where that is too little, it is an *InputError. Of channels
// that lie one behind the other, all but one are complete or not begun.
func (p *pass) reserve() error {
	each, open := tallyBytes(p.dtype), int64(p.channelCount())
	if slices.Equal(p.channels, leading(len(p.channels))) {
		open = min(open, 1)
	}
	need := each * (open + 1 + int64(p.limits.Workers)) // with the total, and one for each block in work
	if most := max(p.limits.Memory/2, leastTallies); need > most && open > 1 {
		return Refuse("counting the values of %d channels of %v takes %d MiB; choose fewer with --voxels, or allow twice that with --memory",
			open, p.dtype, need>>20+1)
	}
	p.limits.Memory -= min(need, p.limits.Memory/2)
	return nil
}

// leading returns the first n axes.
func leading(n int) []int {
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// tally reads all blocks.
func (p *pass) tally(ctx context.Context) error {
	n := p.channelCount()
	p.tallies, p.left, p.moments, p.total = make([]tally, n), make([]int, n), make([]Moments, n), newTally(p.dtype)
	for i := range p.left {
		p.left[i] = p.box.Len() / n
	}
	blocks, workers := p.blocks()
	err := InOrder(ctx, workers, blocks,
		func(ctx context.Context, b Box) (share, error) {
			data, err := p.read(ctx, b)
			if err != nil {
				return share{}, err
			}
			t := newTally(p.dtype)
			t.add(data)
			if p.ids != nil {
				err = p.ids.add(data)
			}
			return share{p.channel(b), t, b.Len()}, err
		},
		func(s share) error {
			p.take(s)
			return nil
		})
	return TooLarge(err)
}

// bin returns the histogram of all channels together; bins returns empty bins.
func (p *pass) bin(ctx context.Context, bins func() binner) (Histogram, error) {
	total := bins()
	blocks, workers := p.blocks()
	err := InOrder(ctx, workers, blocks,
		func(ctx context.Context, b Box) (binner, error) {
			data, err := p.read(ctx, b)
			if err != nil {
				return nil, err
			}
			own := bins()
			own.add(data)
			return own, nil
		},
		func(own binner) error {
			total.merge(own)
			return nil
		})
	return total.histogram(), err
}

// read returns the values of a block that are tallied.
func (p *pass) read(ctx context.Context, b Box) (*nd.Array, error) {
	data, err := p.a.Box(ctx, b)
	if err != nil || !p.a.DType().IsComplex() {
		return data, err
	}
	lengths := make([]float64, data.Len())
	if p.a.DType() == nd.Complex64 {
		for i, v := range nd.Values[complex64](data) {
			lengths[i] = cmplx.Abs(complex128(v))
		}
	} else {
		for i, v := range nd.Values[complex128](data) {
			lengths[i] = cmplx.Abs(v)
		}
	}
	return nd.From(lengths, b.Shape...), nil
}
