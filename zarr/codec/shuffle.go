package codec

import "encoding/binary"

// shuffle gathers byte k of every size-byte element into the k-th of size equal planes; bytes beyond the last whole
// element are copied. dst and src have equal length.
func shuffle(dst, src []byte, size int) {
	n := len(src) / size
	for k := range size {
		plane := dst[k*n : (k+1)*n]
		for i, at := 0, k; i < n; i, at = i+1, at+size {
			plane[i] = src[at]
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// unshuffle is the inverse of shuffle. The sizes of numbers have loops of their own, which write whole elements.
func unshuffle(dst, src []byte, size int) {
	n := len(src) / size
	switch size {
	case 2:
		unshuffle2(dst, src, n)
	case 4:
		unshuffle4(dst, src, n)
	case 8:
		unshuffle8(dst, src, n)
	default:
		for k := range size {
			for i, b := range src[k*n : (k+1)*n] {
				dst[i*size+k] = b
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}

func unshuffle2(dst, src []byte, n int) {
	p0, p1 := src[:n], src[n:2*n]
	dst = dst[:2*n]
	i := 0
	for ; i+8 <= n; i += 8 {
		a, b := binary.LittleEndian.Uint64(p0[i:]), binary.LittleEndian.Uint64(p1[i:])
		out := dst[2*i : 2*i+16]
		binary.LittleEndian.PutUint64(out, spread2(a)|spread2(b)<<8)
		binary.LittleEndian.PutUint64(out[8:], spread2(a>>32)|spread2(b>>32)<<8)
	}
	for ; i < n; i++ {
		dst[2*i], dst[2*i+1] = p0[i], p1[i]
	}
}

// spread2 puts the four low bytes of x into the even bytes of the result.
func spread2(x uint64) uint64 {
	x &= 0xffffffff
	x = (x | x<<16) & 0x0000ffff0000ffff
	return (x | x<<8) & 0x00ff00ff00ff00ff
}

func unshuffle4(dst, src []byte, n int) {
	p0, p1, p2, p3 := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n]
	dst = dst[:4*n]
	i := 0
	for ; i+8 <= n; i += 8 {
		a, b := binary.LittleEndian.Uint64(p0[i:]), binary.LittleEndian.Uint64(p1[i:])
		c, d := binary.LittleEndian.Uint64(p2[i:]), binary.LittleEndian.Uint64(p3[i:])
		// Pairs of bytes of elements 0–3 and 4–7, then whole elements.
		abLow, abHigh := spread2(a)|spread2(b)<<8, spread2(a>>32)|spread2(b>>32)<<8
		cdLow, cdHigh := spread2(c)|spread2(d)<<8, spread2(c>>32)|spread2(d>>32)<<8
		out := dst[4*i : 4*i+32 : 4*i+32]
		binary.LittleEndian.PutUint64(out, spread4(abLow)|spread4(cdLow)<<16)
		binary.LittleEndian.PutUint64(out[8:], spread4(abLow>>32)|spread4(cdLow>>32)<<16)
		binary.LittleEndian.PutUint64(out[16:], spread4(abHigh)|spread4(cdHigh)<<16)
		binary.LittleEndian.PutUint64(out[24:], spread4(abHigh>>32)|spread4(cdHigh>>32)<<16)
	}
	for ; i < n; i++ {
		binary.LittleEndian.PutUint32(dst[4*i:],
			uint32(p0[i])|uint32(p1[i])<<8|uint32(p2[i])<<16|uint32(p3[i])<<24)
	}
}

// spread4 puts the two low 16-bit words of x into the even words of the result.
func spread4(x uint64) uint64 {
	x &= 0xffffffff
	return (x | x<<16) & 0x0000ffff0000ffff
}

func unshuffle8(dst, src []byte, n int) {
	p0, p1, p2, p3 := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n]
	p4, p5, p6, p7 := src[4*n:5*n], src[5*n:6*n], src[6*n:7*n], src[7*n:8*n]
	dst = dst[:8*n]
	i := 0
	for ; i+8 <= n; i += 8 {
		r0, r1, r2, r3, r4, r5, r6, r7 := transposeBytes(
			binary.LittleEndian.Uint64(p0[i:]), binary.LittleEndian.Uint64(p1[i:]),
			binary.LittleEndian.Uint64(p2[i:]), binary.LittleEndian.Uint64(p3[i:]),
			binary.LittleEndian.Uint64(p4[i:]), binary.LittleEndian.Uint64(p5[i:]),
			binary.LittleEndian.Uint64(p6[i:]), binary.LittleEndian.Uint64(p7[i:]))
		out := dst[8*i : 8*i+64 : 8*i+64]
		binary.LittleEndian.PutUint64(out, r0)
		binary.LittleEndian.PutUint64(out[8:], r1)
		binary.LittleEndian.PutUint64(out[16:], r2)
		binary.LittleEndian.PutUint64(out[24:], r3)
		binary.LittleEndian.PutUint64(out[32:], r4)
		binary.LittleEndian.PutUint64(out[40:], r5)
		binary.LittleEndian.PutUint64(out[48:], r6)
		binary.LittleEndian.PutUint64(out[56:], r7)
	}
	for ; i < n; i++ {
		for k := range 8 {
			dst[8*i+k] = src[k*n+i]
		}
	}
}

// transposeBytes transposes an 8×8 matrix of bytes, one row a word, all in registers: blocks of 4×4, then 2×2, then
// single bytes change places across the diagonal.
func transposeBytes(r0, r1, r2, r3, r4, r5, r6, r7 uint64) (_, _, _, _, _, _, _, _ uint64) {
	r0, r4 = swap32(r0, r4)
	r1, r5 = swap32(r1, r5)
	r2, r6 = swap32(r2, r6)
	r3, r7 = swap32(r3, r7)
	r0, r2 = swap16(r0, r2)
	r1, r3 = swap16(r1, r3)
	r4, r6 = swap16(r4, r6)
	r5, r7 = swap16(r5, r7)
	r0, r1 = swap8(r0, r1)
	r2, r3 = swap8(r2, r3)
	r4, r5 = swap8(r4, r5)
	r6, r7 = swap8(r6, r7)
	return r0, r1, r2, r3, r4, r5, r6, r7
}

func swap32(a, b uint64) (uint64, uint64) {
	return a&0x00000000ffffffff | b<<32, a>>32 | b&0xffffffff00000000
}

func swap16(a, b uint64) (uint64, uint64) {
	const m = 0x0000ffff0000ffff
	return a&m | b&m<<16, a>>16&m | b&^m
}

func swap8(a, b uint64) (uint64, uint64) {
	const m = 0x00ff00ff00ff00ff
	return a&m | b&m<<8, a>>8&m | b&^m
}
