package codec

import (
	"encoding/binary"
	"errors"
	"fmt"

	"volara/zarr/codec/shuffle"
)

// A bloscFrame is the header of a frame.
type bloscFrame struct {
	flags               byte
	typeSize            int
	size, block, stored int // bytes: decoded, of a block decoded, of the frame
}

func (f bloscFrame) format() int { return int(f.flags >> 5) }

// parseBloscFrame reads and checks the header of a frame that must decode to at most limit bytes.
func parseBloscFrame(src []byte, limit int) (bloscFrame, error) {
	if len(src) < bloscHeader {
		return bloscFrame{}, fmt.Errorf("%d bytes, shorter than a blosc header", len(src))
	}
	if src[0] != 1 && src[0] != bloscVersion {
		return bloscFrame{}, fmt.Errorf("blosc format version %d; 1 and %d are supported", src[0], bloscVersion)
	}
	if src[2]&flagReserved != 0 {
		return bloscFrame{}, fmt.Errorf("blosc flags %#02x: of a later version of the format", src[2])
	}
	word := func(at int) int { return int(binary.LittleEndian.Uint32(src[at:])) }
	f := bloscFrame{flags: src[2], typeSize: int(src[3]), size: word(4), block: word(8), stored: word(12)}
	switch {
	case f.size > limit:
		return f, ErrTooLong
	case f.stored > len(src):
		return f, fmt.Errorf("truncated: %d of %d bytes", len(src), f.stored)
	case f.stored < bloscHeader:
		return f, fmt.Errorf("blosc header gives %d bytes for the frame", f.stored)
	case f.size > 0 && (f.block == 0 || f.block > 1<<31-1):
		return f, fmt.Errorf("blosc header gives a block of %d bytes", f.block)
	case f.typeSize == 0:
		return f, errors.New("blosc header gives elements of 0 bytes")
	}
	f.block = min(f.block, f.size)
	return f, nil
}

// Decode implements Codec.
func (b *Blosc) Decode(dst, src []byte, limit int) ([]byte, error) {
	f, err := parseBloscFrame(src, limit)
	if err != nil {
		return nil, err
	}
	dst = grow(dst, f.size)
	return dst, b.decode(dst, src[:f.stored], f, 0, f.size)
}

// DecodePart implements PartDecoder: it decodes the blocks that hold some of the part.
func (b *Blosc) DecodePart(dst, src []byte, lo, hi int) error {
	f, err := parseBloscFrame(src, len(dst))
	if err != nil {
		return err
	}
	if f.size != len(dst) {
		return fmt.Errorf("%d bytes decoded where %d are due", f.size, len(dst))
	}
	return b.decode(dst, src[:f.stored], f, lo, hi)
}

// decode decodes at least the bytes from lo to hi of a frame into dst, which is as long as all of them.
func (b *Blosc) decode(dst, src []byte, f bloscFrame, lo, hi int) error {
	if f.flags&flagStored != 0 {
		if len(src) < bloscHeader+f.size {
			return fmt.Errorf("truncated: %d of %d bytes", len(src), bloscHeader+f.size)
		}
		copy(dst[lo:hi], src[bloscHeader+lo:])
		return nil
	}
	if hi <= lo {
		return nil
	}
	blocks := (f.size + f.block - 1) / f.block
	if len(src)-bloscHeader < 4*blocks {
		return fmt.Errorf("%d bytes cannot hold %d blosc blocks", len(src), blocks)
	}
	tmp := b.scratch(f.block)
	defer b.tmp.Put(tmp)
	unread := len(src) - bloscHeader - 4*blocks
	for i := lo / f.block; i*f.block < hi; i++ {
		at := int(binary.LittleEndian.Uint32(src[bloscHeader+4*i:]))
		end := min((i+1)*f.block, f.size)
		n, err := b.decodeBlock(dst[i*f.block:end], src, at, f, *tmp)
		if err != nil {
			return fmt.Errorf("blosc block %d of %d: %w", i, blocks, err)
		}
		if unread -= n; unread < 0 {
			return fmt.Errorf("blosc block %d of %d: it shares bytes with others", i, blocks)
		}
	}
	return nil
}

// scratch returns a buffer of n bytes that goes back to b.tmp.
func (b *Blosc) scratch(n int) *[]byte {
	p, ok := b.tmp.Get().(*[]byte)
	if !ok || cap(*p) < n {
		s := make([]byte, n)
		p = &s
	}
	*p = (*p)[:n]
	return p
}

// decodeBlock decodes the block at src[at:] into dst and returns how many bytes it took; tmp is as long as a whole block.
func (b *Blosc) decodeBlock(dst, src []byte, at int, f bloscFrame, tmp []byte) (int, error) {
	bytewise := f.flags&flagByteShuffle != 0 && f.typeSize > 1
	bitwise := f.flags&flagBitShuffle != 0 && len(dst) >= f.typeSize
	flat := dst
	if bytewise || bitwise {
		flat = tmp[:len(dst)]
	}
	n, err := b.decodeStreams(flat, src, at, f)
	if err != nil {
		return 0, err
	}
	switch {
	case bytewise:
		shuffle.Unbytes(dst, flat, f.typeSize)
	case bitwise:
		shuffle.Unbits(dst, flat, f.typeSize)
	}
	return n, nil
}

// streams returns into how many compressed streams a block of size bytes is split: one for each byte of the element, but
// for long elements, short streams and a short last block. Frames older than the flag follow the same rule.
func (f bloscFrame) streams(size int) int {
	const maxSplits = 16
	if f.flags&flagWholeBlocks != 0 || size < f.block || f.typeSize > maxSplits || f.block/f.typeSize < minBloscBlock {
		return 1
	}
	return f.typeSize
}

// decodeStreams decodes the streams of a block, each preceded by its length, that start at src[at:] and share dst evenly. It
// returns how many bytes they took.
func (b *Blosc) decodeStreams(dst, src []byte, at int, f bloscFrame) (int, error) {
	decode, err := bloscDecoder(f.format())
	if err != nil {
		return 0, err
	}
	n := f.streams(len(dst))
	part, begin := len(dst)/n, at
	if part*n != len(dst) {
		return 0, fmt.Errorf("a block of %d bytes split into %d streams", len(dst), n)
	}
	for i := range n {
		if at < 0 || at > len(src)-4 {
			return 0, fmt.Errorf("stream starts at byte %d of %d", at, len(src))
		}
		length := int(binary.LittleEndian.Uint32(src[at:]))
		at += 4
		if length > len(src)-at {
			return 0, fmt.Errorf("stream of %d bytes where %d are left", length, len(src)-at)
		}
		out, in := dst[i*part:(i+1)*part:(i+1)*part], src[at:at+length]
		if length == part {
			copy(out, in)
		} else if err := decode(b, out, in); err != nil {
			return 0, err
		}
		at += length
	}
	return at - begin, nil
}
