package lazy

import (
	"context"
	"slices"

	"volara/nd"
)

// gatherAtOnce is how many elements of the inner array are read together, about, to take some of them.
const gatherAtOnce = 1 << 22

// gather reads a box of which some axes skip entries, of the given shape from entry from, into dst at a place. It divides
// the box where it spans much of the inner array, or where whole chunks of that would be read for nothing.
func (s *selection) gather(ctx context.Context, shape, from []int, dst *nd.Array, at []int) error {
	if d := s.divide(shape); d >= 0 {
		low, high := slices.Clone(shape), slices.Clone(shape)
		low[d] /= 2
		high[d] -= low[d]
		if err := s.gather(ctx, low, from, dst, at); err != nil {
			return err
		}
		return s.gather(ctx, high, shifted(from, d, low[d]), dst, shifted(at, d, low[d]))
	}
	span, inner := make([]int, len(shape)), make([]int, len(shape))
	for d, p := range s.picks {
		span[d], inner[d] = s.span(d, shape[d]), min(p.at(from[d]), p.at(from[d]+shape[d]-1))
		if p.list != nil {
			inner[d] = p.at(from[d])
		}
	}
	spare, b := s.pool.take(nd.Len(span) * s.DType().Size())
	defer s.pool.put(spare)
	if err := s.Source.ReadInto(ctx, nd.View(s.DType(), b, span...), inner); err != nil {
		return err
	}
	s.scatter(dst, at, shape, b, span)
	return nil
}

func shifted(v []int, d, by int) []int {
	out := slices.Clone(v)
	out[d] += by
	return out
}

// span returns how many inner entries n entries along an axis lie among.
func (s *selection) span(d, n int) int {
	if p := s.picks[d]; p.list == nil && !p.drop {
		return (n-1)*abs(p.step) + 1
	}
	return n
}

// divide returns the axis along which a box is to be read in halves, −1 where it is read at once.
func (s *selection) divide(shape []int) int {
	longest, total := -1, 1
	for d, n := range shape {
		p := s.picks[d]
		if p.list != nil && n > 1 || p.gathered() && n > 1 && abs(p.step) >= s.chunks[d] {
			return d
		}
		total *= s.span(d, n)
		if n > 1 && p.gathered() && (longest < 0 || s.span(d, n) > s.span(longest, shape[longest])) {
			longest = d
		}
	}
	if total > gatherAtOnce {
		return longest
	}
	return -1
}

// scatter copies the entries of a box out of those that they lie among.
func (s *selection) scatter(dst *nd.Array, at, shape []int, b []byte, span []int) {
	out, in := nd.Strides(dst.Shape()), nd.Strides(span)
	to, from := 0, 0
	for d, p := range s.picks {
		to += at[d] * out[d]
		if p.drop || p.list != nil {
			in[d] = 0
			continue
		}
		in[d] *= abs(p.step)
		if p.step < 0 {
			from += (shape[d] - 1) * in[d]
			in[d] = -in[d]
		}
	}
	switch s.DType().Size() {
	case 1:
		strided(dst.Bytes(), out, b, in, shape, to, from)
	case 2:
		strided(nd.Elements[uint16](dst.Bytes()), out, nd.Elements[uint16](b), in, shape, to, from)
	case 4:
		strided(nd.Elements[uint32](dst.Bytes()), out, nd.Elements[uint32](b), in, shape, to, from)
	case 8:
		strided(nd.Elements[uint64](dst.Bytes()), out, nd.Elements[uint64](b), in, shape, to, from)
	case 16:
		strided(nd.Elements[complex128](dst.Bytes()), out, nd.Elements[complex128](b), in, shape, to, from)
	}
}

// strided copies a box of elements between two arrays of any strides.
func strided[T any](dst []T, out []int, src []T, in, shape []int, to, from int) {
	if len(shape) == 1 {
		for range shape[0] {
			dst[to] = src[from]
			to, from = to+out[0], from+in[0]
		}
		return
	}
	for range shape[0] {
		strided(dst, out[1:], src, in[1:], shape[1:], to, from)
		to, from = to+out[0], from+in[0]
	}
}
