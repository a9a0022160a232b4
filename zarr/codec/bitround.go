package codec

import (
	"fmt"

	"volara/nd"
)

// bitRound rounds floating-point numbers, ties to even, to so many bits of their fraction, so that they compress well;
// numcodecs' bitround. Decoding gives the rounded numbers.
type bitRound struct {
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
	bits := fractionOf(t.DType).bits
	switch {
	case bits == 0:
		return nil, fmt.Errorf("elements of type %v; only floating-point numbers are rounded", t.DType)
	case c.KeepBits == nil:
		return nil, fmt.Errorf(`"keepbits" is missing`)
	case *c.KeepBits < 0 || *c.KeepBits > bits:
		return nil, fmt.Errorf("keepbits %d is not in 0..%d, what a %v has", *c.KeepBits, bits, t.DType)
	}
	return &bitRound{typed{t, t}, *c.KeepBits}, nil
}

// Spec implements Codec.
func (b *bitRound) Spec() Spec {
	return Spec{numcodecs + "bitround", bitRoundConfig{"", b.KeepBits}, bitRoundConfig{"bitround", b.KeepBits}}
}

// Encode implements Codec.
func (b *bitRound) Encode(dst, src []byte) ([]byte, error) {
	f := fractionOf(b.in.DType)
	return b.encode(dst, src, func(dst, src []byte) { f.round(dst, src, f.bits-b.KeepBits) })
}

// A fraction is that of the numbers of a type: how many bits it has, and what rounds so many of them away.
type fraction struct {
	bits  int
	round func(dst, src []byte, drop int)
}

// fractionOf returns the fraction of floats; other types have none.
func fractionOf(t nd.DType) fraction {
	return nd.ByType[fraction]{nd.Float16: {10, roundBits[uint16]}, nd.Float32: {23, roundBits[uint32]}, nd.Float64: {52, roundBits[uint64]}}[t]
}

func roundBits[T uint16 | uint32 | uint64](dst, src []byte, drop int) {
	if drop == 0 {
		copy(dst, src)
		return
	}
	out, half := nd.Elements[T](dst), T(1)<<(drop-1)-1
	for i, v := range nd.Elements[T](src) {
		out[i] = (v + v>>drop&1 + half) &^ (1<<drop - 1)
	}
}

// Decode implements Codec.
func (b *bitRound) Decode(dst, src []byte, limit int) ([]byte, error) {
	return b.decode(dst, src, limit, func(dst, src []byte) { copy(dst, src) })
}
