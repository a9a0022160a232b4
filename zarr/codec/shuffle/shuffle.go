// Package shuffle rearranges the bytes or the bits of arrays of elements so that equal ones come together, as blosc and
// HDF5 do before they compress. The loops are C, in vectors of the compiler's.
//
//	shuffle.Bytes(dst, src, 8) // of uint64
//	shuffle.Unbytes(src, dst, 8)
package shuffle

/*
#cgo CFLAGS: -O3
#cgo noescape volara_shuffle
#cgo nocallback volara_shuffle
#cgo noescape volara_unshuffle
#cgo nocallback volara_unshuffle
#cgo noescape volara_bitshuffle
#cgo nocallback volara_bitshuffle
#cgo noescape volara_bitunshuffle
#cgo nocallback volara_bitunshuffle
#include "shuffle.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// MaxSize is the largest element, in bytes.
const MaxSize = 1024

// Bytes gathers byte k of every size-byte element of src in the k-th of size equal planes of dst; bytes beyond the last
// whole element are copied. dst and src have equal length and do not overlap.
func Bytes(dst, src []byte, size int) {
	n := check(dst, src, size)
	if n > 0 {
		C.volara_shuffle(first(dst), first(src), C.size_t(n), C.size_t(size))
	}
	copy(dst[n*size:], src[n*size:])
}

// Unbytes is the inverse of Bytes.
func Unbytes(dst, src []byte, size int) {
	n := check(dst, src, size)
	if n > 0 {
		C.volara_unshuffle(first(dst), first(src), C.size_t(n), C.size_t(size))
	}
	copy(dst[n*size:], src[n*size:])
}

// Bits gathers bit b of byte k of every size-byte element of src in row 8k+b of dst, each row a bit an element, the
// lowest bit first: the layout of the bitshuffle library within one block. As blosc does, it copies when the number of
// whole elements is no multiple of eight. dst and src have equal length and do not overlap.
func Bits(dst, src []byte, size int) {
	n := check(dst, src, size)
	if n%8 != 0 {
		n = 0
	}
	if n > 0 {
		C.volara_bitshuffle(first(dst), first(src), C.size_t(n), C.size_t(size))
	}
	copy(dst[n*size:], src[n*size:])
}

// Unbits is the inverse of Bits.
func Unbits(dst, src []byte, size int) {
	n := check(dst, src, size)
	if n%8 != 0 {
		n = 0
	}
	if n > 0 {
		C.volara_bitunshuffle(first(dst), first(src), C.size_t(n), C.size_t(size))
	}
	copy(dst[n*size:], src[n*size:])
}

// check returns the number of whole elements.
func check(dst, src []byte, size int) int {
	if len(dst) != len(src) || size < 1 || size > MaxSize {
		panic(fmt.Sprintf("shuffle: %d bytes into %d, elements of %d", len(src), len(dst), size))
	}
	return len(src) / size
}

func first(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }
