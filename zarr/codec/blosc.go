package codec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Shuffle is the filter that blosc applies before it compresses.
type Shuffle int

// The filters, with blosc's numbers. AutoShuffle exists only in configurations: bits for one-byte elements, else bytes.
const (
	AutoShuffle Shuffle = iota - 1
	NoShuffle
	ByteShuffle
	BitShuffle
)

// Blosc is the container format of c-blosc 1: blocks, each shuffled and compressed on its own.
// Format: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
//
// Decoding goes by the header of the frame alone; the configuration says how to encode. NewBlosc makes one.
type Blosc struct {
	BloscConfig // not to be changed

	compressor bloscCompressor
	lz4        lz4Block
	zstd       Zstd
	zlib       Zlib
	tmp        sync.Pool // *[]byte
}

// BloscConfig says how a Blosc encodes.
type BloscConfig struct {
	// Compressor is lz4, lz4hc, zstd, zlib, blosclz or snappy.
	Compressor string
	// Level is 0 (stored) to 9.
	Level int
	// Shuffle is the filter.
	Shuffle Shuffle
	// TypeSize is the size of an element, 1 to 255.
	TypeSize int
	// BlockSize is the size of a block in bytes, or about that; 0 leaves the choice to the encoder.
	BlockSize int
}

// NewBlosc returns the codec, or an error that names the field that is out of range.
func NewBlosc(c BloscConfig) (*Blosc, error) {
	compressor, err := bloscCompressorOf(c.Compressor)
	switch {
	case err != nil:
		return nil, err
	case c.Level < 0 || c.Level > 9:
		return nil, fmt.Errorf("clevel %d is not in 0..9", c.Level)
	case c.Shuffle < AutoShuffle || c.Shuffle > BitShuffle:
		return nil, fmt.Errorf("shuffle %d: supported are 0 (none), 1 (byte), 2 (bit) and -1 (automatic)", c.Shuffle)
	case c.TypeSize < 1 || c.TypeSize > 255:
		return nil, fmt.Errorf("typesize %d is not in 1..255", c.TypeSize)
	case c.BlockSize < 0 || c.BlockSize > maxBloscInput:
		return nil, fmt.Errorf("blocksize %d is not in 0..%d", c.BlockSize, maxBloscInput)
	}
	b := &Blosc{BloscConfig: c, compressor: compressor}
	b.zlib.Level = c.Level
	if b.zstd.Level = max(2*c.Level-1, 1); c.Level == 9 {
		b.zstd.Level = 22
	}
	return b, nil
}

type bloscV3 struct {
	Compressor string `json:"cname"`
	Level      int    `json:"clevel"`
	Shuffle    string `json:"shuffle"`
	TypeSize   int    `json:"typesize,omitempty"`
	BlockSize  int    `json:"blocksize"`
}

type bloscV2 struct {
	ID         string  `json:"id"`
	Compressor string  `json:"cname"`
	Level      int     `json:"clevel"`
	Shuffle    Shuffle `json:"shuffle"`
	BlockSize  int     `json:"blocksize"`
}

var shuffleNames = []string{NoShuffle: "noshuffle", ByteShuffle: "shuffle", BitShuffle: "bitshuffle"}

// Spec implements Codec.
func (b *Blosc) Spec() Spec {
	return Spec{"blosc",
		bloscV3{b.Compressor, b.Level, shuffleNames[b.shuffle()], b.TypeSize, b.BlockSize},
		bloscV2{"blosc", b.Compressor, b.Level, b.Shuffle, b.BlockSize}}
}

// parseBloscV3 takes missing fields as zarr-python does, and the array's element size for a missing typesize.
func parseBloscV3(decode func(any) error, t Type) (Codec, error) {
	c := bloscV3{Compressor: "zstd", Level: 5, TypeSize: t.Size()}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.Shuffle == "" {
		c.Shuffle = shuffleNames[ByteShuffle]
		if t.Size() == 1 {
			c.Shuffle = shuffleNames[BitShuffle]
		}
	}
	if c.TypeSize == 0 {
		c.TypeSize = t.Size()
	}
	filter := slices.Index(shuffleNames, c.Shuffle)
	if filter < 0 {
		return nil, fmt.Errorf("shuffle %q: supported are %s", c.Shuffle, strings.Join(shuffleNames, ", "))
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, Shuffle(filter), c.TypeSize, c.BlockSize})
}

func parseBloscV2(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		Compressor string  `json:"cname"`
		Level      int     `json:"clevel"`
		Shuffle    Shuffle `json:"shuffle"`
		BlockSize  int     `json:"blocksize"`
		TypeSize   *int    `json:"typesize"`
	}{Compressor: "lz4", Level: 5, Shuffle: ByteShuffle}
	if err := decode(&c); err != nil {
		return nil, err
	}
	size := t.Size()
	if c.TypeSize != nil {
		size = *c.TypeSize
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, c.Shuffle, size, c.BlockSize})
}

// snappy is what old arrays have; numcodecs is built without it now.
func (b *Blosc) refusal() error {
	if b.Compressor == "snappy" {
		return errors.New(`cname "snappy": it can be read, but numcodecs, and zarr-python with it, does so no longer: choose another, as lz4`)
	}
	return nil
}

// The header of a frame: 16 bytes, integers little-endian.
const (
	bloscHeader  = 16
	bloscVersion = 2

	flagByteShuffle = 1 << 0
	flagStored      = 1 << 1
	flagBitShuffle  = 1 << 2
	flagReserved    = 1 << 3
	flagWholeBlocks = 1 << 4 // blocks are not split into one stream per byte of the element
)

// minBloscBlock is the shortest block, and the shortest stream that a block is split into.
const minBloscBlock = 128
