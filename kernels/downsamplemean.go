package kernels

import (
	"encoding/binary"
	"math/bits"
)

// narrow are the integers of which sums fit 64 bits.
type narrow interface {
	int8 | int16 | int32 | uint8 | uint16 | uint32
}

// meanInts makes means of windows in integers.
func meanInts[T narrow](dst, src []T, w windows) {
	sums := make([]int64, w.coarse())
	w.each(func(to int, from []int) {
		if w.step == 2 && len(from) == 4 {
			meanOf8(dst[to:][:w.width/2], src[from[0]:], src[from[1]:], src[from[2]:], src[from[3]:])
		} else if w.step == 2 && len(from) == 2 {
			meanOf4(dst[to:][:w.width/2], src[from[0]:], src[from[1]:])
		} else {
			meanRow(dst[to:][:len(sums)], src, from, w, 0, sums)
			return
		}
		meanRow(dst[to:][:len(sums)], src, from, w, w.width/2, sums)
	})
}

// meanRow makes the means of a row from window first on.
func meanRow[T narrow](dst, src []T, from []int, w windows, first int, sums []int64) {
	if first == len(dst) {
		return
	}
	clear(sums[first:])
	for _, r := range from {
		row := src[r:][:w.width]
		for i := first; i < len(dst); i++ {
			begin, end := w.window(i)
			for _, v := range row[begin:end] {
				sums[i] += int64(v)
			}
		}
	}
	for i := first; i < len(dst); i++ {
		begin, end := w.window(i)
		dst[i] = T(roundedMean(sums[i], int64(len(from)*(end-begin))))
	}
}

// roundedMean returns sum/n rounded to the nearest, ties to even.
func roundedMean(sum, n int64) int64 {
	q, r := sum/n, sum%n
	if r < 0 {
		q, r = q-1, r+n
	}
	if 2*r > n || 2*r == n && q&1 == 1 {
		q++
	}
	return q
}

// meanOf8 makes means of windows of 2 by 2 by 2.
func meanOf8[T narrow](dst, a, b, c, d []T) {
	n := 2 * len(dst)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i := range dst {
		k := 2 * i
		s := int64(a[k]) + int64(a[k+1]) + int64(b[k]) + int64(b[k+1]) + int64(c[k]) + int64(c[k+1]) + int64(d[k]) + int64(d[k+1])
		dst[i] = T((s + 3 + s>>3&1) >> 3)
	}
}

// meanOf4 makes means of windows of 2 by 2.
func meanOf4[T narrow](dst, a, b []T) {
	n := 2 * len(dst)
	a, b = a[:n], b[:n]
	for i := range dst {
		k := 2 * i
		s := int64(a[k]) + int64(a[k+1]) + int64(b[k]) + int64(b[k+1])
		dst[i] = T((s + 1 + s>>2&1) >> 2)
	}
}

// meanBytes makes means of windows in bytes: those of 2 by 1, 2 or 4 rows four at a time, in lanes of 16 bits of a word.
func meanBytes(dst, src []uint8, w windows) {
	sums := make([]int64, w.coarse())
	w.each(func(to int, from []int) {
		first := 0
		if rows := len(from); w.step == 2 && (rows == 1 || rows == 2 || rows == 4) {
			first = w.width / 8 * 4
			meanOfLanes(dst[to:][:first], src, from)
		}
		meanRow(dst[to:][:len(sums)], src, from, w, first, sums)
	})
}

// meanOfLanes makes means of windows of 2 by so many rows, which are a power of 2; dst is a multiple of 4 long.
func meanOfLanes(dst, src []uint8, from []int) {
	const low, ones = 0x00ff00ff00ff00ff, 0x0001000100010001
	shift := bits.Len(uint(len(from))) // the logarithm of the window's size
	half := (uint64(1)<<(shift-1) - 1) * ones
	n := 2 * len(dst)
	a := src[from[0]:][:n]
	var b, c, d []uint8
	if len(from) > 1 {
		b = src[from[1]:][:n]
	}
	if len(from) > 2 {
		c, d = src[from[2]:][:n], src[from[3]:][:n]
	}
	for k := 0; k+8 <= len(a); k += 8 {
		v := binary.LittleEndian.Uint64(a[k:])
		s := v&low + v>>8&low
		if b != nil {
			v = binary.LittleEndian.Uint64(b[k:])
			s += v&low + v>>8&low
		}
		if d != nil {
			v = binary.LittleEndian.Uint64(c[k:])
			s += v&low + v>>8&low
			v = binary.LittleEndian.Uint64(d[k:])
			s += v&low + v>>8&low
		}
		s += half + s>>shift&ones
		s = s >> shift & low
		s |= s >> 8
		binary.LittleEndian.PutUint32(dst[k/2:], uint32(s&0xffff)|uint32(s>>16&0xffff0000))
	}
}

// meanWide makes means of windows in integers of 64 bits, of which sums have 128; bias makes signed ones unsigned.
func meanWide[T int64 | uint64](dst, src []T, w windows, bias uint64) {
	w.each(func(to int, from []int) {
		for i := range w.coarse() {
			begin, end := w.window(i)
			var hi, lo, carry uint64
			for _, r := range from {
				for _, v := range src[r+begin : r+end] {
					lo, carry = bits.Add64(lo, uint64(v)^bias, 0)
					hi += carry
				}
			}
			n := uint64(len(from) * (end - begin))
			q, r := bits.Div64(hi, lo, n)
			if r > n-r || r == n-r && q&1 == 1 {
				q++
			}
			dst[to+i] = T(q ^ bias)
		}
	})
}

func meanSigned(dst, src []int64, w windows)    { meanWide(dst, src, w, 1<<63) }
func meanUnsigned(dst, src []uint64, w windows) { meanWide(dst, src, w, 0) }

// meanFloats makes means of windows, computed in float64.
func meanFloats[T float32 | float64](dst, src []T, w windows) {
	w.each(func(to int, from []int) {
		for i := range w.coarse() {
			begin, end := w.window(i)
			sum := 0.0
			for _, r := range from {
				for _, v := range src[r+begin : r+end] {
					sum += float64(v)
				}
			}
			dst[to+i] = T(sum / float64(len(from)*(end-begin)))
		}
	})
}

// meanComplex makes means of windows, computed in complex128.
func meanComplex[T complex64 | complex128](dst, src []T, w windows) {
	w.each(func(to int, from []int) {
		for i := range w.coarse() {
			begin, end := w.window(i)
			var sum complex128
			for _, r := range from {
				for _, v := range src[r+begin : r+end] {
					sum += complex128(v)
				}
			}
			n := float64(len(from) * (end - begin))
			dst[to+i] = T(complex(real(sum)/n, imag(sum)/n))
		}
	})
}
