package nd

import (
	"fmt"
	"slices"
)

// View wraps memory without copying it: len(data) must be the bytes of the shape's elements, and the memory aligned to
// the size of one, as that of an array and what starts at one of its elements is. Whatever the bytes held is read as
// elements of dtype.
func View(dtype DType, data []byte, shape ...int) *Array {
	if len(data) != Len(shape)*dtype.Size() {
		panic(fmt.Sprintf("nd: %d bytes for shape %v of %v", len(data), shape, dtype))
	}
	return &Array{dtype: dtype, shape: slices.Clone(shape), data: data[:len(data):len(data)]}
}
