package nd

import (
	"encoding/binary"
	"fmt"
)

// CopyBox copies a box of elements between two C-contiguous arrays given as bytes: shape elements from srcAt in src to
// dstAt in dst. All shapes and corners have the same number of dimensions; a box that leaves either array panics. The
// two must not overlap in memory.
func CopyBox(dst []byte, dstShape, dstAt []int, src []byte, srcShape, srcAt, shape []int, itemSize int) {
	for d, n := range shape {
		if n == 0 {
			return
		}
		if dstAt[d] < 0 || dstAt[d]+n > dstShape[d] || srcAt[d] < 0 || srcAt[d]+n > srcShape[d] {
			panic(fmt.Sprintf("nd: box of shape %v at %v of %v and %v of %v", shape, dstAt, dstShape, srcAt, srcShape))
		}
	}
	var room [4 * maxAxes]int
	axes := foldAxes(room[:0], dstShape, srcShape, shape, itemSize)
	d0, s0 := start(dstShape, dstAt)*itemSize, start(srcShape, srcAt)*itemSize
	copyAxes(dst[d0:], src[s0:], axes)
}

// maxAxes is how many axes CopyBox takes without allocating.
const maxAxes = 8

// start returns the place of an element in an array of the given shape.
func start(shape, at []int) int {
	i := 0
	for d, n := range shape {
		i = i*n + at[d]
	}
	return i
}

// foldAxes appends length and byte strides (dst's, src's) of the axes of a box, the outermost first, to list. Axes that
// are one run in both arrays are one axis, and so are the innermost with the bytes of an element: its strides are 1.
func foldAxes(list []int, dstShape, srcShape, shape []int, itemSize int) []int {
	// From the inside out, turned around at the end.
	list = append(list, itemSize, 1, 1)
	dstStride, srcStride := itemSize, itemSize
	for d := len(shape) - 1; d >= 0; d-- {
		switch last := list[len(list)-3:]; {
		case shape[d] == 1:
		case dstStride == last[0]*last[1] && srcStride == last[0]*last[2]:
			last[0] *= shape[d]
		default:
			list = append(list, shape[d], dstStride, srcStride)
		}
		dstStride *= dstShape[d]
		srcStride *= srcShape[d]
	}
	for i, j := 0, len(list)-3; i < j; i, j = i+3, j-3 {
		for k := range 3 {
			list[i+k], list[j+k] = list[j+k], list[i+k]
		}
	}
	return list
}

// copyAxes copies along the axes as foldAxes lists them.
func copyAxes(dst, src []byte, axes []int) {
	switch length, ds, ss := axes[0], axes[1], axes[2]; len(axes) {
	case 3:
		copy(dst[:length], src[:length])
	case 6:
		copyRows(dst, src, length, ds, ss, axes[3])
	default:
		for i := range length {
			copyAxes(dst[i*ds:], src[i*ss:], axes[3:])
		}
	}
}

// copyRows copies rows of run bytes that lie ds and ss bytes apart. Runs of one element are moved as words.
func copyRows(dst, src []byte, rows, ds, ss, run int) {
	switch run {
	case 1:
		for i := range rows {
			dst[i*ds] = src[i*ss]
		}
	case 2:
		for i := range rows {
			binary.NativeEndian.PutUint16(dst[i*ds:], binary.NativeEndian.Uint16(src[i*ss:]))
		}
	case 4:
		for i := range rows {
			binary.NativeEndian.PutUint32(dst[i*ds:], binary.NativeEndian.Uint32(src[i*ss:]))
		}
	case 8:
		for i := range rows {
			binary.NativeEndian.PutUint64(dst[i*ds:], binary.NativeEndian.Uint64(src[i*ss:]))
		}
	default:
		for i, j := 0, 0; rows > 0; i, j, rows = i+ds, j+ss, rows-1 {
			copy(dst[i:i+run], src[j:j+run])
		}
	}
}
