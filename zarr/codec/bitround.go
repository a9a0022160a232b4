package codec

import (
	"fmt"

	"volara/nd"
)

// BitRound rounds floating-point numbers, ties to even, to so many bits of their fraction, so that they compress well;
// numcodecs' bitround. Decoding gives the rounded numbers.
type BitRound struct {
	typed
	KeepBits int
}

type bitRoundConfig struct {
	ID       string `json:"id,omitempty"`
	KeepBits int    `json:"keepbits"`
}

func parseBitRound(decode func(any) error, t Type) (Codec, error) {
	var c struct {
		KeepBits *int `json:"keepbits"`
	}
	if err := decode(&c); err != nil {
		return nil, err
	}
	bits, ok := map[nd.DType]int{nd.Float16: 10, nd.Float32: 23, nd.Float64: 52}[t.DType]
	switch {
	case !ok:
		return nil, fmt.Errorf("elements of type %v; only floating-point numbers are rounded", t.DType)
	case c.KeepBits == nil:
		return nil, fmt.Errorf(`"keepbits" is missing`)
	case *c.KeepBits < 0 || *c.KeepBits > bits:
		return nil, fmt.Errorf("keepbits %d is not in 0..%d, what a %v has", *c.KeepBits, bits, t.DType)
	}
	return &BitRound{typed{t, t}, *c.KeepBits}, nil
}

// Spec implements Codec.
func (b *BitRound) Spec() Spec {
	return Spec{numcodecs + "bitround", bitRoundConfig{"", b.KeepBits}, bitRoundConfig{"bitround", b.KeepBits}}
}

// Encode implements Codec.
func (b *BitRound) Encode(dst, src []byte) ([]byte, error) {
	return b.encode(dst, src, func(dst, src []byte) {
		switch b.in.DType {
		case nd.Float16:
			roundBits(view[uint16](dst), view[uint16](src), 10-b.KeepBits)
		case nd.Float32:
			roundBits(view[uint32](dst), view[uint32](src), 23-b.KeepBits)
		case nd.Float64:
			roundBits(view[uint64](dst), view[uint64](src), 52-b.KeepBits)
		}
	})
}

func roundBits[T uint16 | uint32 | uint64](dst, src []T, drop int) {
	if drop == 0 {
		copy(dst, src)
		return
	}
	half := T(1)<<(drop-1) - 1
	for i, v := range src {
		dst[i] = (v + v>>drop&1 + half) &^ (1<<drop - 1)
	}
}

// Decode implements Codec.
func (b *BitRound) Decode(dst, src []byte, limit int) ([]byte, error) {
	return b.decode(dst, src, limit, func(dst, src []byte) { copy(dst, src) })
}
