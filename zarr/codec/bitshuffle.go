package codec

import "encoding/binary"

// bitshuffle gathers bit b of byte k of every size-byte element into row 8k+b, each row a bit an element, the lowest
// bit first: the layout of the bitshuffle library within one blosc block. As blosc does, it copies when the number of
// whole elements is not a multiple of eight. dst and src have equal length.
func bitshuffle(dst, src []byte, size int) {
	n := len(src) / size
	if n%8 != 0 {
		copy(dst, src)
		return
	}
	row := n / 8
	for g := range row {
		for k := range size {
			var x uint64
			for e := range 8 {
				x |= uint64(src[(8*g+e)*size+k]) << (8 * e)
			}
			x = transposeBits(x)
			for b := range 8 {
				dst[(8*k+b)*row+g] = byte(x >> (8 * b))
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// bitunshuffle is the inverse of bitshuffle.
func bitunshuffle(dst, src []byte, size int) {
	n := len(src) / size
	if n%8 != 0 {
		copy(dst, src)
		return
	}
	row := n / 8
	for k := range size {
		g := 0
		for ; g+8 <= row; g += 8 {
			bitunshuffle64(dst[8*g*size+k:], src[8*k*row+g:], size, row)
		}
		for ; g < row; g++ {
			var x uint64
			for b := range 8 {
				x |= uint64(src[(8*k+b)*row+g]) << (8 * b)
			}
			x = transposeBits(x)
			for e := range 8 {
				dst[(8*g+e)*size+k] = byte(x >> (8 * e))
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// bitunshuffle64 restores one byte of 64 elements, size bytes apart in dst, from eight bytes of each of eight rows.
func bitunshuffle64(dst, src []byte, size, row int) {
	row64 := func(b int) uint64 { return binary.LittleEndian.Uint64(src[b*row:]) }
	var words [8]uint64 // word g gets byte g of the eight rows
	words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7] = transposeBytes(
		row64(0), row64(1), row64(2), row64(3), row64(4), row64(5), row64(6), row64(7))
	at := 0
	for _, x := range words {
		x = transposeBits(x)
		if size == 1 {
			binary.LittleEndian.PutUint64(dst[at:], x)
			at += 8
			continue
		}
		for e := 0; e < 64; e += 8 {
			dst[at] = byte(x >> e)
			at += size
		}
	}
}

// transposeBits transposes an 8×8 matrix of bits, one row a byte (Hacker's Delight, 7-3).
func transposeBits(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
