package nd_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

// copyNaively copies element by element.
func copyNaively(dst []byte, dstShape, dstAt []int, src []byte, srcShape, srcAt, shape []int, size int) {
	ds, ss := nd.Strides(dstShape), nd.Strides(srcShape)
	for i := range nd.Len(shape) {
		from, to, rest := 0, 0, i
		for d := len(shape) - 1; d >= 0; d-- {
			at := rest % shape[d]
			rest /= shape[d]
			from += (srcAt[d] + at) * ss[d]
			to += (dstAt[d] + at) * ds[d]
		}
		copy(dst[to*size:(to+1)*size], src[from*size:(from+1)*size])
	}
}

// box draws a shape, and for two arrays that can hold it their shapes and its corners there. Whole axes are frequent.
func box(t *rapid.T) (shape, dstShape, dstAt, srcShape, srcAt []int) {
	n := rapid.IntRange(0, 5).Draw(t, "dims")
	slack := rapid.SampledFrom([]int{0, 0, 1, 3})
	for range n {
		s := rapid.IntRange(0, 4).Draw(t, "shape")
		at, more := slack.Draw(t, "dst at"), slack.Draw(t, "dst more")
		dstAt, dstShape = append(dstAt, at), append(dstShape, at+s+more)
		at, more = slack.Draw(t, "src at"), slack.Draw(t, "src more")
		srcAt, srcShape = append(srcAt, at), append(srcShape, at+s+more)
		shape = append(shape, s)
	}
	return
}

func TestCopyBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, dstShape, dstAt, srcShape, srcAt := box(t)
		size := rapid.SampledFrom([]int{1, 2, 4, 8, 3}).Draw(t, "item size")
		src := make([]byte, nd.Len(srcShape)*size)
		for i := range src {
			src[i] = byte(i%251 + 1)
		}
		got, want := make([]byte, nd.Len(dstShape)*size), make([]byte, nd.Len(dstShape)*size)
		nd.CopyBox(got, dstShape, dstAt, src, srcShape, srcAt, shape, size)
		copyNaively(want, dstShape, dstAt, src, srcShape, srcAt, shape, size)
		if !bytes.Equal(got, want) {
			t.Fatalf("%v from %v of %v to %v of %v differs from an element-wise copy", shape, srcAt, srcShape, dstAt, dstShape)
		}
	})
}

func TestCopyBoxRefusesToLeaveTheArrays(t *testing.T) {
	a, b := make([]byte, 12), make([]byte, 12)
	for name, f := range map[string]func(){
		"end of the destination":   func() { nd.CopyBox(a, []int{3, 4}, []int{2, 0}, b, []int{3, 4}, []int{0, 0}, []int{2, 4}, 1) },
		"end of the source":        func() { nd.CopyBox(a, []int{3, 4}, []int{0, 0}, b, []int{3, 4}, []int{0, 3}, []int{1, 2}, 1) },
		"start of the destination": func() { nd.CopyBox(a, []int{3, 4}, []int{0, -1}, b, []int{3, 4}, []int{0, 0}, []int{1, 1}, 1) },
		"start of the source":      func() { nd.CopyBox(a, []int{3, 4}, []int{0, 0}, b, []int{3, 4}, []int{-1, 0}, []int{1, 1}, 1) },
	} {
		if !panics(f) {
			t.Errorf("a box beyond the %s is copied", name)
		}
	}
	nd.CopyBox(a, []int{3, 4}, []int{0, 0}, b, []int{3, 4}, []int{0, 0}, []int{0, 99}, 1)
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}
