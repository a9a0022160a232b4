package nd

import "fmt"

// CopyBox copies a box of elements between two C-contiguous arrays given as bytes: shape elements from srcAt in src to
// dstAt in dst. All shapes and corners have the same number of dimensions; a box that leaves either array panics. The
// two must not overlap in memory.
func CopyBox(dst []byte, dstShape, dstAt []int, src []byte, srcShape, srcAt, shape []int, itemSize int) {
	n := len(shape)
	for d := range n {
		if shape[d] == 0 {
			return
		}
		if dstAt[d] < 0 || dstAt[d]+shape[d] > dstShape[d] || srcAt[d] < 0 || srcAt[d]+shape[d] > srcShape[d] {
			panic(fmt.Sprintf("nd: box of shape %v at %v of %v and %v of %v", shape, dstAt, dstShape, srcAt, srcShape))
		}
	}
	// Fold trailing axes that are whole on both sides into one run.
	run, last := itemSize, n-1
	for ; last >= 0; last-- {
		run *= shape[last]
		if shape[last] != dstShape[last] || shape[last] != srcShape[last] {
			break
		}
	}
	ds, ss := Strides(dstShape), Strides(srcShape)
	d0, s0 := 0, 0
	for d := range n {
		d0 += dstAt[d] * ds[d]
		s0 += srcAt[d] * ss[d]
	}
	d0, s0 = d0*itemSize, s0*itemSize
	if last <= 0 {
		copy(dst[d0:d0+run], src[s0:s0+run])
		return
	}
	at := make([]int, last)
	for {
		copy(dst[d0:d0+run], src[s0:s0+run])
		d := last - 1
		for ; d >= 0; d-- {
			at[d]++
			d0 += ds[d] * itemSize
			s0 += ss[d] * itemSize
			if at[d] < shape[d] {
				break
			}
			d0 -= shape[d] * ds[d] * itemSize
			s0 -= shape[d] * ss[d] * itemSize
			at[d] = 0
		}
		if d < 0 {
			return
		}
	}
}
