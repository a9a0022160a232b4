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
			for i := 0; i < first; i += 4 {
				binary.LittleEndian.PutUint32(dst[to+i:], meanOfLanes(src, from, 2*i))
			}
		}
		meanRow(dst[to:][:len(sums)], src, from, w, first, sums)
	})
}

// meanOfLanes returns the means of four windows of 2 by so many rows, which are a power of 2, from column k on.
func meanOfLanes(src []uint8, from []int, k int) uint32 {
	const low, ones = 0x00ff00ff00ff00ff, 0x0001000100010001
	var s uint64
	for _, r := range from {
		v := binary.LittleEndian.Uint64(src[r+k:])
		s += v&low + v>>8&low
	}
	shift := bits.Len(uint(len(from))) // the logarithm of the window's size
	half := uint64(1)<<(shift-1) - 1
	s += half*ones + s>>shift&ones
	s = s >> shift & low
	s |= s >> 8
	return uint32(s&0xffff) | uint32(s>>16&0xffff0000)
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
