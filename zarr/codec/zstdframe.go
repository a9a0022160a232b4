package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errZstd = errors.New("corrupt zstd frame")

// zstdContent returns how many bytes the frames of src decode to: so many when exact, as frames say of themselves, else so
// many at most, as their blocks allow. Blocks are not looked into. Format: RFC 8878, section 3.
func zstdContent(src []byte) (size uint64, exact bool, err error) {
	const magic, skippable, anySkippable = 0xfd2fb528, 0x184d2a50, 0xfffffff0
	exact = true
	for len(src) > 0 {
		if len(src) < 8 { // the shortest frame has nine
			return 0, false, io.ErrUnexpectedEOF
		}
		switch word := binary.LittleEndian.Uint32(src); {
		case word&anySkippable == skippable:
			n := uint64(binary.LittleEndian.Uint32(src[4:])) + 8
			if n > uint64(len(src)) {
				return 0, false, io.ErrUnexpectedEOF
			}
			src = src[n:]
		case word == magic:
			frame, err := parseZstdFrame(src)
			if err != nil {
				return 0, false, err
			}
			size, exact, src = size+min(frame.content, 1<<62-size), exact && frame.sized, src[frame.length:]
		default:
			return 0, false, fmt.Errorf("%w: it begins with %#08x", errZstd, word)
		}
	}
	return size, exact, nil
}

// A zstdFrame says how long a frame is, and its content, or how long that may be where the frame does not say it.
type zstdFrame struct {
	length  int
	content uint64
	sized   bool
}

func parseZstdFrame(src []byte) (zstdFrame, error) {
	const hasChecksum, singleSegment = zstdChecksumFlag, 1 << 5
	descriptor := src[zstdDescriptor]
	sizeBytes := []int{0, 2, 4, 8}[descriptor>>6]
	at := zstdDescriptor + 1 + []int{0, 1, 2, 4}[descriptor&3]
	if descriptor&singleSegment == 0 {
		at++ // the size of the window
	} else {
		sizeBytes = max(sizeBytes, 1)
	}
	if at+sizeBytes > len(src) {
		return zstdFrame{}, io.ErrUnexpectedEOF
	}
	var field [8]byte
	copy(field[:], src[at:at+sizeBytes])
	said := binary.LittleEndian.Uint64(field[:])
	if sizeBytes == 2 {
		said += 256
	}
	length, most, err := zstdBlocks(src[at+sizeBytes:])
	if err != nil {
		return zstdFrame{}, err
	}
	if length += at + sizeBytes; descriptor&hasChecksum != 0 {
		length += 4
	}
	if length > len(src) {
		return zstdFrame{}, io.ErrUnexpectedEOF
	}
	if sizeBytes > 0 {
		if said > most {
			return zstdFrame{}, fmt.Errorf("%w: %d bytes said to be in blocks of %d at most", errZstd, said, most)
		}
		return zstdFrame{length, said, true}, nil
	}
	return zstdFrame{length, most, false}, nil
}

// zstdBlocks returns how many bytes the blocks of a frame have that src begins with, and how many they decode to at most.
func zstdBlocks(src []byte) (length int, most uint64, err error) {
	const raw, repeated, compressed, longest = 0, 1, 2, 128 << 10
	for last := false; !last; {
		if len(src)-length < 3 {
			return 0, 0, io.ErrUnexpectedEOF
		}
		header := int(src[length]) | int(src[length+1])<<8 | int(src[length+2])<<16
		last = header&1 != 0
		size := header >> 3
		length += 3
		switch header >> 1 & 3 {
		case raw:
			length, most = length+size, most+uint64(size)
		case repeated:
			length, most = length+1, most+uint64(size)
		case compressed:
			length, most = length+size, most+longest
		default:
			return 0, 0, fmt.Errorf("%w: a reserved type of block", errZstd)
		}
		if length > len(src) {
			return 0, 0, io.ErrUnexpectedEOF
		}
	}
	return length, most, nil
}
