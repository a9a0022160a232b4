package codec

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/pierrec/lz4/v4"
)

// lz4Block is the raw LZ4 block format, with pooled compressors.
type lz4Block struct {
	fast, high sync.Pool
}

// encode returns src as one block, in the memory of dst where the worst case fits it: what cannot be compressed becomes a
// little longer. Level 0 is the fast compressor, 1 to 9 the thorough one.
func (p *lz4Block) encode(dst, src []byte, level int) ([]byte, error) {
	dst = grow(dst, lz4.CompressBlockBound(len(src)))
	if level == 0 {
		c, ok := p.fast.Get().(*lz4.Compressor)
		if !ok {
			c = new(lz4.Compressor)
		}
		defer p.fast.Put(c)
		n, err := c.CompressBlock(src, dst)
		return dst[:n], err
	}
	c, ok := p.high.Get().(*lz4.CompressorHC)
	if !ok {
		c = new(lz4.CompressorHC)
	}
	defer p.high.Put(c)
	c.Level = lz4.CompressionLevel(1 << (min(level, 9) - 1)) // as many candidates as the reference tries
	n, err := c.CompressBlock(src, dst)
	return dst[:n], err
}

// decode decompresses src, which must fill dst exactly.
func (p *lz4Block) decode(dst, src []byte) error {
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return fmt.Errorf("%d bytes decoded where %d are due", n, len(dst))
	}
	return nil
}

// LZ4 is numcodecs' lz4: one LZ4 block preceded by its decoded length, 4 bytes little-endian.
type LZ4 struct {
	// Acceleration is kept for the metadata; the encoder has one speed.
	Acceleration int

	block lz4Block
}

type lz4Config struct {
	Acceleration int `json:"acceleration"`
}

type lz4V2 struct {
	ID           string `json:"id"`
	Acceleration int    `json:"acceleration"`
}

func parseLZ4(decode func(any) error, _ Type) (Codec, error) {
	c := lz4Config{Acceleration: 1}
	err := decode(&c)
	return &LZ4{Acceleration: c.Acceleration}, err
}

// Spec implements Codec.
func (z *LZ4) Spec() Spec {
	return Spec{"numcodecs.lz4", lz4Config{z.Acceleration}, lz4V2{"lz4", z.Acceleration}}
}

// Encode implements Codec.
func (z *LZ4) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, 4+lz4.CompressBlockBound(len(src)))
	binary.LittleEndian.PutUint32(dst, uint32(len(src)))
	out, err := z.block.encode(dst[4:], src, 0)
	if err != nil {
		return nil, err
	}
	return dst[:4+len(out)], nil
}

// Decode implements Codec.
func (z *LZ4) Decode(dst, src []byte, limit int) ([]byte, error) {
	if len(src) < 4 {
		return nil, fmt.Errorf("%d bytes, shorter than its length", len(src))
	}
	size := uint64(binary.LittleEndian.Uint32(src))
	if size > uint64(limit) {
		return nil, ErrTooLong
	}
	dst = grow(dst, int(size))
	if size == 0 {
		return dst, nil
	}
	return dst, z.block.decode(dst, src[4:])
}
