package zarr

import (
	"bytes"

	"volara/nd"
)

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
