package codec

import (
	"encoding/binary"
	"fmt"
)

// maxBloscInput is the largest buffer that c-blosc takes.
const maxBloscInput = 1<<31 - 1 - bloscHeader

// Encode implements Codec. Blocks are not split into streams, which c-blosc reads since version 1.11.
func (b *Blosc) Encode(dst, src []byte) ([]byte, error) {
	if len(src) > maxBloscInput {
		return nil, fmt.Errorf("%d bytes; blosc takes at most %d: use smaller chunks", len(src), maxBloscInput)
	}
	if b.Level == 0 {
		return b.stored(dst, src), nil
	}
	block := b.blockSize(len(src))
	blocks := 0
	if block > 0 {
		blocks = (len(src) + block - 1) / block
	}
	// Growing beyond what storing takes makes compression pointless.
	budget := bloscHeader + len(src)
	dst = grow(dst, budget)[:min(bloscHeader+4*blocks, budget)]
	if budget < bloscHeader+4*blocks {
		return b.stored(dst, src), nil
	}
	tmp, out := b.scratch(block), b.scratch(0)
	defer b.tmp.Put(tmp)
	defer b.tmp.Put(out)
	for i := range blocks {
		binary.LittleEndian.PutUint32(dst[bloscHeader+4*i:], uint32(len(dst)))
		stream, err := b.encodeBlock(out, src[i*block:min((i+1)*block, len(src))], *tmp)
		if err != nil {
			return nil, err
		}
		if len(dst)+4+len(stream) >= budget {
			return b.stored(dst, src), nil
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(stream)))
		dst = append(dst, stream...)
	}
	b.putHeader(dst, b.flags(), len(src), block)
	return dst, nil
}

// encodeBlock shuffles src into tmp and compresses it into out. The result is as long as src when it is not compressed.
func (b *Blosc) encodeBlock(out *[]byte, src, tmp []byte) ([]byte, error) {
	switch b.shuffle() {
	case ByteShuffle:
		if b.TypeSize > 1 {
			shuffle(tmp[:len(src)], src, b.TypeSize)
			src = tmp[:len(src)]
		}
	case BitShuffle:
		if len(src) >= b.TypeSize {
			bitshuffle(tmp[:len(src)], src, b.TypeSize)
			src = tmp[:len(src)]
		}
	}
	packed, err := b.compress(*out, src)
	if err != nil {
		return nil, err
	}
	if cap(packed) > cap(*out) {
		*out = packed
	}
	if len(packed) == 0 || len(packed) >= len(src) {
		return src, nil
	}
	return packed, nil
}

// compress returns src compressed, or nothing where the compressor gives up.
func (b *Blosc) compress(dst, src []byte) ([]byte, error) {
	switch b.Compressor {
	case "lz4":
		return b.lz4.encode(dst, src, 0)
	case "lz4hc":
		return b.lz4.encode(dst, src, b.Level)
	case "zstd":
		return b.zstd.Encode(dst, src)
	case "zlib":
		return b.zlib.Encode(dst, src)
	default:
		return nil, fmt.Errorf("blosc cannot compress with %q; lz4, lz4hc, zstd and zlib are supported", b.Compressor)
	}
}

// stored returns src as a frame that is not compressed.
func (b *Blosc) stored(dst, src []byte) []byte {
	dst = grow(dst, bloscHeader+len(src))
	copy(dst[bloscHeader:], src)
	b.putHeader(dst, b.flags()|flagStored, len(src), max(len(src), 1))
	return dst
}

func (b *Blosc) putHeader(dst []byte, flags byte, size, block int) {
	dst[0], dst[1], dst[2], dst[3] = bloscVersion, 1, flags, byte(b.TypeSize)
	binary.LittleEndian.PutUint32(dst[4:], uint32(size))
	binary.LittleEndian.PutUint32(dst[8:], uint32(block))
	binary.LittleEndian.PutUint32(dst[12:], uint32(len(dst)))
}

func (b *Blosc) flags() byte {
	f := byte(flagWholeBlocks)
	switch b.shuffle() {
	case ByteShuffle:
		f |= flagByteShuffle
	case BitShuffle:
		f |= flagBitShuffle
	}
	switch b.Compressor {
	case "lz4", "lz4hc":
		f |= formatLZ4 << 5
	case "zlib":
		f |= formatZlib << 5
	case "zstd":
		f |= formatZstd << 5
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

// blockSize returns the block size for n bytes: whole groups of eight elements, so that bits can be shuffled, in the
// second-level cache; the slow compressors get more to look back at.
func (b *Blosc) blockSize(n int) int {
	block := b.BlockSize
	if block == 0 {
		block = 128 << 10
		if b.Compressor == "zstd" || b.Compressor == "zlib" {
			block = 512 << 10
		}
	}
	if block >= n {
		return n
	}
	group := 8 * b.TypeSize
	return max(block/group, 1) * group
}
