package codec

import (
	"errors"
	"fmt"
)

// A Codec encodes and decodes whole buffers. It may be used concurrently.
//
// Both methods write into the memory of dst where its capacity suffices and return the result, which may lie elsewhere,
// Decode's also in src; what dst held is lost. dst and src must not overlap. src is never changed.
type Codec interface {
	// Encode encodes src, which is less than 2 GiB.
	Encode(dst, src []byte) ([]byte, error)

	// Decode decodes src. It fails with ErrTooLong when the result would be longer than limit. Whatever src says, it
	// allocates no more than about 4·limit bytes in all, for the result and what it takes to make it, and a few MiB; most
	// codecs hardly more than the result. Any other error means that src is not what Encode makes.
	Decode(dst, src []byte, limit int) ([]byte, error)

	// Spec returns how metadata files name the codec.
	Spec() Spec
}

// A PartDecoder is a Codec that decodes a part of a buffer without the rest.
type PartDecoder interface {
	Codec

	// DecodePart decodes the bytes from lo to hi of what src decodes to, which must have dst's length, into their place in
	// dst. What else dst holds afterwards is arbitrary. Damage in the rest of src may go unnoticed.
	DecodePart(dst, src []byte, lo, hi int) error
}

// A Spec is a codec's description in the two metadata formats: the name and configuration of v3, and the compressor
// or filter of v2 (including its "id"). A nil V3Config is left out, which zarr-python takes of
// zarr's own codecs only.
type Spec struct {
	V3Name   string
	V3Config any
	V2       any
}

// ErrTooLong says that decoding would give more bytes than it may. Of bytes that are damaged, too, either may be said.
var ErrTooLong = errors.New("decodes to more bytes than the chunk has")

// ErrUnknown says that no codec has the name.
var ErrUnknown = errors.New("not supported")

// A Chain is a sequence of codecs, in the order in which encoding applies them. The empty chain copies nothing.
type Chain []Codec

// Encode applies all codecs to src. The result is src itself when the chain is empty.
func (c Chain) Encode(dst, src []byte) ([]byte, error) {
	for i, step := range c {
		target := dst
		if i < len(c)-1 {
			// Two buffers would do; chains longer than one are rare and short.
			target = nil
		}
		out, err := step.Encode(target, src)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", step.Spec().V3Name, err)
		}
		src = out
	}
	return src, nil
}

// Decode undoes all codecs, the last one first; the result must have exactly size bytes. The result is src itself when
// the chain is empty, and lies in dst where it can.
func (c Chain) Decode(dst, src []byte, size int) ([]byte, error) {
	for i := len(c) - 1; i >= 0; i-- {
		target := []byte(nil)
		if i == 0 {
			target = dst
		}
		out, err := c[i].Decode(target, src, c[:i].MaxEncodedLen(size))
		if err != nil {
			return nil, fmt.Errorf("decoding %s: %w", c[i].Spec().V3Name, err)
		}
		src = out
	}
	if len(src) != size {
		return nil, fmt.Errorf("%d bytes where the chunk has %d", len(src), size)
	}
	return src, nil
}

// DecodePart decodes at least the bytes from lo to hi of the size of dst into their place there, and no more than it must
// where that is possible: where the chain is one PartDecoder, or empty.
func (c Chain) DecodePart(dst, src []byte, lo, hi int) error {
	if len(c) == 1 {
		if p, ok := c[0].(PartDecoder); ok {
			if err := p.DecodePart(dst, src, lo, hi); err != nil {
				return fmt.Errorf("decoding %s: %w", p.Spec().V3Name, err)
			}
			return nil
		}
	}
	out, err := c.Decode(dst, src, len(dst))
	if err == nil && len(out) > 0 && &out[0] != &dst[0] {
		copy(dst[lo:hi], out[lo:hi])
	}
	return err
}

// MaxEncodedLen bounds how many bytes a sane encoder makes of n bytes: compressors expand what they cannot compress a
// little. It is exact when every codec is of FixedLength.
func (c Chain) MaxEncodedLen(n int) int {
	for _, step := range c {
		if f, ok := step.(FixedLength); ok {
			n = f.EncodedLen(n)
		} else {
			n += n/8 + 1<<16
		}
	}
	return n
}

// grow returns a slice of length n in dst's memory where it fits.
func grow(dst []byte, n int) []byte {
	if cap(dst) < n {
		return make([]byte, n)
	}
	return dst[:n]
}
