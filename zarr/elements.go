package zarr

import (
	"bytes"
	"encoding/binary"

	"volara/nd"
)

// swapBytes reverses the bytes of every element. dst and src have equal length and may be the same memory.
func swapBytes(dst, src []byte, size int) {
	switch size {
	case 2:
		for i := 0; i+2 <= len(src); i += 2 {
			binary.LittleEndian.PutUint16(dst[i:], binary.BigEndian.Uint16(src[i:]))
		}
	case 4:
		for i := 0; i+4 <= len(src); i += 4 {
			binary.LittleEndian.PutUint32(dst[i:], binary.BigEndian.Uint32(src[i:]))
		}
	case 8:
		for i := 0; i+8 <= len(src); i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.BigEndian.Uint64(src[i:]))
		}
	default:
		copy(dst, src)
	}
}

// transpose copies src, a C-order array of the given shape, so that axis k of dst is axis order[k] of src.
func transpose(dst, src []byte, shape, order []int, size int) {
	strides := nd.Strides(shape)
	walkTransposed(shape, order, func(at, from int) {
		from *= size
		copy(dst[at*size:(at+1)*size], src[from:from+size])
	}, strides)
}

// untranspose is the inverse of transpose; shape is dst's.
func untranspose(dst []byte, shape []int, src []byte, order []int, size int) {
	strides := nd.Strides(shape)
	walkTransposed(shape, order, func(from, at int) {
		from *= size
		copy(dst[at*size:(at+1)*size], src[from:from+size])
	}, strides)
}

// walkTransposed calls visit for every element with its place in the transposed array, which counts up, and in the
// array of the given shape and strides.
func walkTransposed(shape, order []int, visit func(transposed, plain int), strides []int) {
	n := len(order)
	for _, s := range shape {
		if s == 0 {
			return
		}
	}
	index, plain := make([]int, n), 0
	for transposed := 0; ; transposed++ {
		visit(transposed, plain)
		k := n - 1
		for ; k >= 0; k-- {
			axis := order[k]
			index[k]++
			plain += strides[axis]
			if index[k] < shape[axis] {
				break
			}
			plain -= shape[axis] * strides[axis]
			index[k] = 0
		}
		if k < 0 {
			return
		}
	}
}

// repeat fills dst with copies of one element.
func repeat(dst, element []byte) {
	if len(bytes.Trim(element, "\x00")) == 0 {
		clear(dst)
		return
	}
	for n := copy(dst, element); n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// fillBox sets a box of dst, a C-order array of the given shape, to one element.
func fillBox(dst []byte, dstShape, at, shape []int, element []byte) {
	n := len(shape)
	if n == 0 {
		copy(dst, element)
		return
	}
	strides, size := nd.Strides(dstShape), len(element)
	run := shape[n-1] * size
	lo, hi := at[:n-1], make([]int, n-1)
	for d := range hi {
		hi[d] = lo[d] + shape[d]
	}
	for index := range indices(lo, hi) {
		from := at[n-1]
		for d, i := range index {
			from += i * strides[d]
		}
		repeat(dst[from*size:from*size+run], element)
	}
}

// isFilled reports whether every element of data equals the given one.
func isFilled(data, element []byte) bool {
	size := len(element)
	return len(data) == 0 || bytes.Equal(data[:size], element) && bytes.Equal(data[size:], data[:len(data)-size])
}
