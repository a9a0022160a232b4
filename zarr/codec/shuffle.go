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
		out := dst[4*i : 4*i+32]
		for k := 0; k < 32; k += 8 {
			// Two elements at a time: the low two bytes of each plane.
			x := a&0xff | b&0xff<<8 | c&0xff<<16 | d&0xff<<24
			y := a>>8&0xff | b>>8&0xff<<8 | c>>8&0xff<<16 | d>>8&0xff<<24
			binary.LittleEndian.PutUint64(out[k:], x|y<<32)
			a, b, c, d = a>>16, b>>16, c>>16, d>>16
		}
	}
	for ; i < n; i++ {
		binary.LittleEndian.PutUint32(dst[4*i:],
			uint32(p0[i])|uint32(p1[i])<<8|uint32(p2[i])<<16|uint32(p3[i])<<24)
	}
}

func unshuffle8(dst, src []byte, n int) {
	dst = dst[:8*n]
	i := 0
	for ; i+8 <= n; i += 8 {
		var rows [8]uint64
		for k := range rows {
			rows[k] = binary.LittleEndian.Uint64(src[k*n+i:])
		}
		transposeBytes(&rows)
		out := dst[8*i : 8*i+64]
		for k, r := range rows {
			binary.LittleEndian.PutUint64(out[8*k:], r)
		}
	}
	for ; i < n; i++ {
		for k := range 8 {
			dst[8*i+k] = src[k*n+i]
		}
	}
}

// transposeBytes transposes an 8×8 matrix of bytes, one row a word, by swapping blocks of 4, 2 and 1.
func transposeBytes(r *[8]uint64) {
	for i := range 4 {
		a, b := r[i], r[i+4]
		r[i], r[i+4] = a&0x00000000ffffffff|b<<32, a>>32|b&0xffffffff00000000
	}
	for _, i := range [4]int{0, 1, 4, 5} {
		a, b := r[i], r[i+2]
		r[i], r[i+2] = a&0x0000ffff0000ffff|b&0x0000ffff0000ffff<<16, a>>16&0x0000ffff0000ffff|b&0xffff0000ffff0000
	}
	for i := 0; i < 8; i += 2 {
		a, b := r[i], r[i+1]
		r[i], r[i+1] = a&0x00ff00ff00ff00ff|b&0x00ff00ff00ff00ff<<8, a>>8&0x00ff00ff00ff00ff|b&0xff00ff00ff00ff00
	}
}
