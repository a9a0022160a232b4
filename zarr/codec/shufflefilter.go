package codec

import (
	"fmt"

	"volara/zarr/codec/shuffle"
)

// shuffleFilter stores byte k of all elements together, for every k; numcodecs' shuffle. It does not matter to it what
// the elements are.
type shuffleFilter struct {
	// ElementSize is the size of an element in bytes; up to 1 nothing is shuffled.
	ElementSize int
}

type shuffleConfig struct {
	ID          string `json:"id,omitempty"`
	ElementSize int    `json:"elementsize"`
}

// parseShuffle takes 4 for a missing element size in v2, as numcodecs does, and the array's in v3, as zarr-python does.
func parseShuffle(missing func(Type) int) parseFunc {
	return func(decode func(any) error, t Type) (Codec, error) {
		var c struct {
			ElementSize *int `json:"elementsize"`
		}
		if err := decode(&c); err != nil {
			return nil, err
		}
		if c.ElementSize == nil {
			size := missing(t)
			c.ElementSize = &size
		}
		if *c.ElementSize < 0 || *c.ElementSize > shuffle.MaxSize {
			return nil, fmt.Errorf("elementsize %d is not in 0..%d", *c.ElementSize, shuffle.MaxSize)
		}
		return shuffleFilter{*c.ElementSize}, nil
	}
}

// Spec implements Codec.
func (s shuffleFilter) Spec() Spec {
	return Spec{numcodecs + "shuffle", shuffleConfig{"", s.ElementSize}, shuffleConfig{"shuffle", s.ElementSize}}
}

// EncodedLen implements FixedLength.
func (shuffleFilter) EncodedLen(n int) int { return n }

// Encode implements Codec.
func (s shuffleFilter) Encode(dst, src []byte) ([]byte, error) {
	size := max(s.ElementSize, 1)
	if len(src)%size != 0 {
		return nil, fmt.Errorf("%d bytes are no whole number of elements of %d", len(src), size)
	}
	dst = grow(dst, len(src))
	shuffle.Bytes(dst, src, size)
	return dst, nil
}

// Decode implements Codec.
func (s shuffleFilter) Decode(dst, src []byte, limit int) ([]byte, error) {
	switch {
	case len(src) > limit:
		return nil, ErrTooLong
	case s.ElementSize <= 1:
		return src, nil
	case len(src)%s.ElementSize != 0:
		return nil, fmt.Errorf("%d bytes are no whole number of elements of %d", len(src), s.ElementSize)
	}
	dst = grow(dst, len(src))
	shuffle.Unbytes(dst, src, s.ElementSize)
	return dst, nil
}
