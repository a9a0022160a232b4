package codec

import (
	"encoding/binary"
	"fmt"

	"volara/zarr/codec/shuffle"
)

// The largest buffer that c-blosc takes, and the largest block: it keeps three, and some words for each byte of the element,
// in memory that it counts with an int.
const (
	maxBloscInput = 1<<31 - 1 - bloscHeader
	maxBloscBlock = (1<<31 - 1 - 4*255) / 3
)

// Encode implements Codec. Blocks have c-blosc's size and, for all compressors but zstd, its one stream for each byte of
// the element, which all versions of c-blosc read.
func (b *Blosc) Encode(dst, src []byte) ([]byte, error) {
	if len(src) > maxBloscInput {
		return nil, fmt.Errorf("%d bytes; blosc takes at most %d: use smaller chunks", len(src), maxBloscInput)
	}
	block := b.blockSize(len(src))
	if b.Level == 0 || block == 0 {
		return b.stored(dst, src), nil
	}
	e := bloscEncoder{Blosc: b, flags: b.flags(block), block: block, budget: bloscHeader + len(src)}
	blocks := (len(src) + block - 1) / block
	if e.budget <= bloscHeader+4*blocks {
		return b.stored(dst, src), nil
	}
	// What is beyond the budget is room for a stream that will not fit it.
	e.out = grow(dst, e.budget+block+block/128+64)[:bloscHeader+4*blocks]
	if b.shuffle() != NoShuffle {
		tmp := b.scratch(block)
		defer b.tmp.Put(tmp)
		e.tmp = *tmp
	}
	for i := range blocks {
		binary.LittleEndian.PutUint32(e.out[bloscHeader+4*i:], uint32(len(e.out)))
		fits, err := e.encodeBlock(src[i*block : min((i+1)*block, len(src))])
		if err != nil {
			return nil, err
		}
		if !fits {
			return b.stored(e.out, src), nil
		}
	}
	b.putHeader(e.out, e.flags, len(src), block)
	return e.out, nil
}

// A bloscEncoder makes one frame.
type bloscEncoder struct {
	*Blosc
	flags  byte
	block  int
	budget int // bytes of the frame that storing would take: growing beyond it makes compression pointless
	out    []byte
	tmp    []byte // a shuffled block
}

// encodeBlock appends a block; fits is false when the frame has become too long.
func (e *bloscEncoder) encodeBlock(src []byte) (fits bool, err error) {
	switch {
	case e.flags&flagByteShuffle != 0 && e.TypeSize > 1:
		shuffle.Bytes(e.tmp[:len(src)], src, e.TypeSize)
		src = e.tmp[:len(src)]
	case e.flags&flagBitShuffle != 0:
		shuffle.Bits(e.tmp[:len(src)], src, e.TypeSize)
		src = e.tmp[:len(src)]
	}
	frame := bloscFrame{flags: e.flags, typeSize: e.TypeSize, block: e.block}
	n := frame.streams(len(src))
	for part := len(src) / n; len(src) > 0; src = src[part:] {
		if fits, err = e.encodeStream(src[:part]); !fits || err != nil {
			return false, err
		}
	}
	return true, nil
}

// encodeStream appends the length of a stream and the stream, which is as long as src when it is not compressed.
func (e *bloscEncoder) encodeStream(src []byte) (fits bool, err error) {
	at := len(e.out) + 4
	if at > e.budget {
		return false, nil
	}
	room := e.out[at:cap(e.out)]
	packed, err := e.compressor.encode(e.Blosc, room, src)
	if err != nil {
		return false, err
	}
	if len(packed) == 0 || len(packed) >= len(src) {
		packed = src
	}
	if at+len(packed) > e.budget {
		return false, nil
	}
	e.out = e.out[:at+len(packed)]
	binary.LittleEndian.PutUint32(e.out[at-4:], uint32(len(packed)))
	if &packed[0] != &room[0] {
		copy(room, packed)
	}
	return true, nil
}

// stored returns src as a frame that is not compressed.
func (b *Blosc) stored(dst, src []byte) []byte {
	dst = grow(dst, bloscHeader+len(src))
	copy(dst[bloscHeader:], src)
	block := max(b.blockSize(len(src)), 1)
	b.putHeader(dst, b.flags(block)|flagStored, len(src), block)
	return dst
}

func (b *Blosc) putHeader(dst []byte, flags byte, size, block int) {
	dst[0], dst[1], dst[2], dst[3] = bloscVersion, 1, flags, byte(b.TypeSize)
	binary.LittleEndian.PutUint32(dst[4:], uint32(size))
	binary.LittleEndian.PutUint32(dst[8:], uint32(block))
	binary.LittleEndian.PutUint32(dst[12:], uint32(len(dst)))
}

// flags returns the flags of a frame with blocks of a size.
func (b *Blosc) flags(block int) byte {
	f := byte(b.compressor.format << 5)
	switch b.shuffle() {
	case ByteShuffle:
		f |= flagByteShuffle
	case BitShuffle:
		f |= flagBitShuffle
	}
	if !b.splits(block) {
		f |= flagWholeBlocks
	}
	return f
}

// shuffle resolves AutoShuffle.
func (b *Blosc) shuffle() Shuffle {
	switch {
	case b.Shuffle != AutoShuffle:
		return b.Shuffle
	case b.TypeSize == 1:
		return BitShuffle
	default:
		return ByteShuffle
	}
}

// splits says whether blocks of a size are split into one stream for each byte of the element.
func (b *Blosc) splits(block int) bool {
	frame := bloscFrame{typeSize: b.TypeSize, block: block}
	return !b.compressor.whole && (b.TypeSize == 1 || frame.streams(block) > 1)
}

// blockSize returns the size of a block for n bytes, which is c-blosc's: it grows with the level, more for the compressors
// that make use of it, and with the number of streams. Blocks are of whole elements and, where they are many, of whole
// groups of eight, so that their bits can be shuffled; none is larger than the n bytes, which c-blosc would refuse.
func (b *Blosc) blockSize(n int) int {
	block := n
	if b.BlockSize > 0 {
		block = max(b.BlockSize, minBloscBlock)
	} else if n >= 32<<10 {
		block = b.levelBlock()
	}
	if block = min(b.enlarged(block), maxBloscBlock); block < n {
		group := 8 * b.TypeSize
		if block = max(block/group, 1) * group; block < n {
			return block
		}
	}
	return max(n-n%b.TypeSize, min(n, b.TypeSize))
}

// levelBlock returns the size of a block of one stream.
func (b *Blosc) levelBlock() int {
	block := (8 << 10) * []int{1, 2, 4, 8, 16, 16, 32, 32, 32, 32}[b.Level]
	if b.compressor.thorough {
		if block *= 2; b.Level == 9 {
			block *= 2
		}
	}
	return block
}

// enlarged makes room for the streams that a block is split into.
func (b *Blosc) enlarged(block int) int {
	const longest, fewest, most = 256 << 10, 64 << 10, 1 << 20
	if !b.splits(block) {
		return block
	}
	return min(max(min(block, longest)*b.TypeSize, fewest), most)
}
