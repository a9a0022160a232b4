package kernels

import "fmt"

// voxels returns the number of elements of a shape.
func voxels(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// strides returns the C-order strides of a shape, in elements.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for d := len(shape) - 1; d >= 0; d-- {
		s[d] = n
		n *= shape[d]
	}
	return s
}

// mustFit panics unless a slice called name holds want elements.
func mustFit(name string, have, want int) {
	if have != want {
		panic(fmt.Sprintf("kernels: %s holds %d elements, its shape %d", name, have, want))
	}
}
