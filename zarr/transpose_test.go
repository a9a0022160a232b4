package zarr

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

// TestTranspose compares with a copy of one element at a time, and undoes it.
func TestTranspose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(0, 5).Draw(t, "dims")
		shape := drawLengths(t, dims, 0, 7, "shape")
		if dims > 0 && rapid.Bool().Draw(t, "long") {
			shape[rapid.IntRange(0, dims-1).Draw(t, "axis")] = rapid.IntRange(31, 66).Draw(t, "length")
		}
		order := rapid.Permutation(slices.Sorted(slices.Values(reversed(dims)))).Draw(t, "order")
		size := rapid.SampledFrom([]int{1, 2, 4, 8, 16}).Draw(t, "size")
		src := make([]byte, nd.Len(shape)*size)
		for i := range src {
			src[i] = byte(i ^ i>>8*31)
		}
		stored := make([]int, dims)
		for k, axis := range order {
			stored[k] = shape[axis]
		}
		want, at := make([]byte, 0, len(src)), make([]int, dims)
		for index := range indices(make([]int, dims), stored) {
			for k, axis := range order {
				at[axis] = index[k]
			}
			from := 0
			for d, stride := range nd.Strides(shape) {
				from += at[d] * stride
			}
			want = append(want, src[from*size:(from+1)*size]...)
		}
		got := make([]byte, len(src))
		transpose(got, src, shape, order, size)
		if !bytes.Equal(got, want) {
			t.Fatalf("%v by %v", shape, order)
		}
		back := make([]byte, len(src))
		untranspose(back, shape, got, order, size)
		if !bytes.Equal(back, src) {
			t.Fatalf("%v by %v and back", shape, order)
		}
	})
}

func BenchmarkTranspose(b *testing.B) {
	shape := []int{64, 64, 64}
	for _, order := range [][]int{{2, 1, 0}, {1, 0, 2}, {0, 2, 1}} {
		for _, size := range []int{1, 2, 8} {
			b.Run(fmt.Sprint(order, size), func(b *testing.B) {
				src, dst := make([]byte, nd.Len(shape)*size), make([]byte, nd.Len(shape)*size)
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					transpose(dst, src, shape, order, size)
				}
			})
		}
	}
}
