package codec

import (
	"errors"
	"fmt"

	"volara/nd"
)

// PackBits stores eight booleans a byte, the first in the highest bit, after a byte that says how many bits of the last
// one are padding; numcodecs' packbits.
type PackBits struct{}

// Types implements Filter.
func (PackBits) Types() (in, out Type) { return Type{DType: nd.Bool}, Type{DType: nd.Uint8} }

// EncodedLen implements FixedLength.
func (PackBits) EncodedLen(n int) int { return 1 + (n+7)/8 }

// Spec implements Codec.
func (PackBits) Spec() Spec { return Spec{numcodecs + "packbits", struct{}{}, idV2{"packbits"}} }

type idV2 struct {
	ID string `json:"id"`
}

func parsePackBits(decode func(any) error, t Type) (Codec, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if t.Size() != 1 { // what else has one byte numcodecs takes for booleans, too: it can be read
		return nil, fmt.Errorf("elements of type %v; only booleans are packed", t.DType)
	}
	return PackBits{}, nil
}

// Encode implements Codec.
func (p PackBits) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, p.EncodedLen(len(src)))
	clear(dst)
	dst[0] = byte(-len(src) & 7)
	for i, v := range src {
		if v != 0 {
			dst[1+i/8] |= 0x80 >> (i % 8)
		}
	}
	return dst, nil
}

// Decode implements Codec.
func (PackBits) Decode(dst, src []byte, limit int) ([]byte, error) {
	if len(src) == 0 {
		return nil, errors.New("nothing, not even the number of padding bits")
	}
	padding, src := int(src[0]), src[1:]
	if padding > 7 || padding > 8*len(src) {
		return nil, fmt.Errorf("%d padding bits in %d bytes", padding, len(src))
	}
	n := 8*len(src) - padding
	if n > limit {
		return nil, ErrTooLong
	}
	dst = grow(dst, n)
	for i := range dst {
		dst[i] = src[i/8] >> (7 - i%8) & 1
	}
	return dst, nil
}
