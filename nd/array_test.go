package nd_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

func TestNewIsZeroedAndAligned(t *testing.T) {
	for _, dtype := range allTypes {
		for _, shape := range [][]int{{}, {0}, {3}, {2, 0, 4}, {3, 5, 7}} {
			a := nd.New(dtype, shape...)
			if a.DType() != dtype || !slices.Equal(a.Shape(), shape) || a.Len() != nd.Len(shape) || len(a.Bytes()) != a.Len()*dtype.Size() {
				t.Errorf("%v of %v: %v of %v, %d elements, %d bytes", dtype, shape, a.DType(), a.Shape(), a.Len(), len(a.Bytes()))
			}
			if slices.ContainsFunc(a.Bytes(), func(b byte) bool { return b != 0 }) {
				t.Errorf("%v of %v is not zero", dtype, shape)
			}
		}
	}
}

func TestNewKeepsNoShape(t *testing.T) {
	shape := []int{2, 3}
	a, b := nd.New(nd.Uint8, shape...), nd.From(make([]int16, 6), shape...)
	shape[0] = 9
	if a.Shape()[0] != 2 || b.Shape()[0] != 2 {
		t.Error("an array's shape changed with the caller's slice")
	}
}

func TestFromSharesMemory(t *testing.T) {
	values := []float32{1, 2, 3, 4, 5, 6}
	a := nd.From(values, 2, 3)
	nd.Values[float32](a)[4] = -5
	if values[4] != -5 || a.DType() != nd.Float32 || len(a.Bytes()) != 24 {
		t.Fatalf("%v, %v, %d bytes", values, a.DType(), len(a.Bytes()))
	}
	if empty := nd.From([]uint64{}, 0, 4); empty.Len() != 0 || nd.Values[uint64](empty) != nil {
		t.Error("an empty array has values")
	}
	if !panics(func() { nd.From(values, 2, 2) }) {
		t.Error("6 values are taken for shape (2, 2)")
	}
}

// TestValuesDemandsTheType tries every Go type on every element type.
func TestValuesDemandsTheType(t *testing.T) {
	demand[int8](t, nd.Int8)
	demand[int16](t, nd.Int16)
	demand[int32](t, nd.Int32)
	demand[int64](t, nd.Int64)
	demand[uint8](t, nd.Uint8, nd.Bool)
	demand[uint16](t, nd.Uint16, nd.Float16)
	demand[uint32](t, nd.Uint32)
	demand[uint64](t, nd.Uint64)
	demand[float32](t, nd.Float32)
	demand[float64](t, nd.Float64)
	demand[complex64](t, nd.Complex64)
	demand[complex128](t, nd.Complex128)
}

func demand[T nd.AnyElement](t *testing.T, allowed ...nd.DType) {
	t.Helper()
	if nd.TypeOf[T]() != allowed[0] {
		t.Errorf("TypeOf gives %v, want %v", nd.TypeOf[T](), allowed[0])
	}
	for _, dtype := range allTypes {
		a := nd.New(dtype, 2, 2)
		var values []T
		refused := panics(func() { values = nd.Values[T](a) })
		if want := !slices.Contains(allowed, dtype); refused != want || !want && len(values) != 4 {
			t.Errorf("%v array as %v: refused %v, %d values", dtype, nd.TypeOf[T](), refused, len(values))
		}
	}
}

func TestSub(t *testing.T) {
	a := nd.From([]uint16{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 2, 2)
	channel := a.Sub(1)
	if !slices.Equal(channel.Shape(), []int{2, 2}) || !slices.Equal(nd.Values[uint16](channel), []uint16{4, 5, 6, 7}) {
		t.Fatalf("%v of %v", nd.Values[uint16](channel), channel.Shape())
	}
	nd.Values[uint16](channel)[0] = 44
	if nd.Values[uint16](a)[4] != 44 {
		t.Error("a channel does not share memory")
	}
	if grown := append(channel.Bytes(), 1); nd.Values[uint16](a)[8] != 8 || len(grown) != 9 {
		t.Error("appending to a channel's bytes writes into the next channel")
	}
	for _, i := range []int{-1, 3} {
		if !panics(func() { a.Sub(i) }) {
			t.Errorf("channel %d of 3 exists", i)
		}
	}
}

func TestCrop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, _, _, srcShape, at := box(t)
		values := make([]int32, nd.Len(srcShape))
		for i := range values {
			values[i] = int32(i + 1)
		}
		a := nd.From(values, srcShape...)
		got := a.Crop(at, shape)
		want := nd.New(nd.Int32, shape...)
		copyNaively(want.Bytes(), shape, make([]int, len(shape)), a.Bytes(), srcShape, at, shape, 4)
		if !slices.Equal(nd.Values[int32](got), nd.Values[int32](want)) || !slices.Equal(got.Shape(), shape) {
			t.Fatalf("%v at %v of %v is %v", shape, at, srcShape, nd.Values[int32](got))
		}
		if got.Len() > 0 {
			nd.Values[int32](got)[0] = -1
			if slices.Contains(values, -1) {
				t.Fatal("a crop shares memory")
			}
		}
	})
	if !panics(func() { nd.New(nd.Uint8, 3).Crop([]int{2}, []int{2}) }) {
		t.Error("a crop may leave the array")
	}
}

func TestStrides(t *testing.T) {
	if got := nd.Strides([]int{4, 3, 5}); !slices.Equal(got, []int{15, 5, 1}) {
		t.Errorf("%v", got)
	}
	if got := nd.Strides(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
