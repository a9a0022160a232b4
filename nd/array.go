package nd

import (
	"fmt"
	"slices"
	"unsafe"
)

// An Array is a dense C-contiguous array in the machine's byte order. It may be read concurrently; writers of
// overlapping parts must exclude each other.
type Array struct {
	dtype DType
	shape []int
	data  []byte
}

// New returns a zeroed array.
func New(dtype DType, shape ...int) *Array {
	// Allocated as uint64 so that any element type is aligned.
	size := Len(shape) * dtype.Size()
	words := make([]uint64, (size+7)/8)
	var data []byte
	if size > 0 {
		data = unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:size:size]
	}
	return &Array{dtype: dtype, shape: slices.Clone(shape), data: data}
}

// From wraps a slice without copying it; len(values) must be the product of shape.
func From[T AnyElement](values []T, shape ...int) *Array {
	if len(values) != Len(shape) {
		panic(fmt.Sprintf("nd: %d values for shape %v", len(values), shape))
	}
	a := &Array{dtype: TypeOf[T](), shape: slices.Clone(shape)}
	if len(values) > 0 {
		a.data = unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*a.dtype.Size())
	}
	return a
}

// Values returns the elements as a slice that shares the array's memory. T must be the Go type of the array's DType
// (see AnyElement); another one panics.
func Values[T AnyElement](a *Array) []T {
	if t := TypeOf[T](); t != a.dtype && (t != Uint16 || a.dtype != Float16) && (t != Uint8 || a.dtype != Bool) {
		panic(fmt.Sprintf("nd: %v array used as %v", a.dtype, t))
	}
	if len(a.data) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&a.data[0])), len(a.data)/a.dtype.Size())
}

// DType returns the element type.
func (a *Array) DType() DType { return a.dtype }

// Shape returns the shape; the caller must not change it.
func (a *Array) Shape() []int { return a.shape }

// Len returns the number of elements.
func (a *Array) Len() int { return Len(a.shape) }

// Bytes returns the memory of the array, which it shares.
func (a *Array) Bytes() []byte { return a.data }

// Sub returns element i of the first axis as an array that shares memory: one channel of a channel-first array.
func (a *Array) Sub(i int) *Array {
	size := Len(a.shape[1:]) * a.dtype.Size()
	return &Array{dtype: a.dtype, shape: a.shape[1:], data: a.data[i*size : (i+1)*size : (i+1)*size]}
}

// Crop returns a copy of the box that starts at offset.
func (a *Array) Crop(offset, shape []int) *Array {
	r := New(a.dtype, shape...)
	CopyBox(r.data, r.shape, make([]int, len(shape)), a.data, a.shape, offset, shape, a.dtype.Size())
	return r
}

// Len returns the number of elements of a shape.
func Len(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// Strides returns the C-order strides of a shape, in elements.
func Strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for d := len(shape) - 1; d >= 0; d-- {
		s[d] = n
		n *= shape[d]
	}
	return s
}
