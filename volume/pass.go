package volume

import (
	"context"
	"iter"
	"math/cmplx"

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
	tallies  []tally   // of each channel of the box
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
}

// tally fills the tallies.
func (p *pass) tally(ctx context.Context) error {
	for range p.channelCount() {
		p.tallies = append(p.tallies, newTally(p.dtype))
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
			return share{p.channel(b), t}, err
		},
		func(s share) error {
			p.tallies[s.channel].merge(s.tally)
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
