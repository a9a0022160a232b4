package nd_test

import (
	"math"
	"slices"
	"testing"

	"volara/nd"
)

func typeOf[T nd.Element]() nd.DType { return nd.TypeOf[T]() }

// TestReal demands that every entry is that of its type.
func TestReal(t *testing.T) {
	table := nd.Real(typeOf[int8], typeOf[int16], typeOf[int32], typeOf[int64], typeOf[uint8], typeOf[uint16], typeOf[uint32],
		typeOf[uint64], typeOf[float32], typeOf[float64])
	for _, dtype := range allTypes {
		entry := table[dtype]
		switch special := dtype == nd.Bool || dtype == nd.Float16 || dtype.IsComplex(); {
		case special && entry != nil:
			t.Errorf("%v has an entry", dtype)
		case !special && entry() != dtype:
			t.Errorf("the entry of %v is that of %v", dtype, entry())
		}
	}
}

func TestBounds(t *testing.T) {
	checkBounds[int8](t, math.MinInt8, math.MaxInt8)
	checkBounds[int16](t, math.MinInt16, math.MaxInt16)
	checkBounds[int32](t, math.MinInt32, math.MaxInt32)
	checkBounds[int64](t, math.MinInt64, math.MaxInt64)
	checkBounds[uint8](t, 0, math.MaxUint8)
	checkBounds[uint16](t, 0, math.MaxUint16)
	checkBounds[uint32](t, 0, math.MaxUint32)
	checkBounds[uint64](t, 0, math.MaxUint64)
}

func checkBounds[T nd.Integer](t *testing.T, least, most T) {
	t.Helper()
	if a, b := nd.Bounds[T](); a != least || b != most {
		t.Errorf("%T: from %d to %d", a, a, b)
	}
}

func TestElements(t *testing.T) {
	a := nd.From([]uint32{1, 2, 3}, 3)
	if got := nd.Elements[uint32](a.Bytes()[:11]); !slices.Equal(got, []uint32{1, 2}) {
		t.Errorf("whole elements of 11 bytes: %v", got)
	}
	if got := nd.Elements[uint32](a.Bytes()[:3]); got != nil {
		t.Errorf("whole elements of 3 bytes: %v", got)
	}
	nd.Elements[uint32](a.Bytes())[1] = 7
	if got := nd.Values[uint32](a); !slices.Equal(got, []uint32{1, 7, 3}) {
		t.Errorf("memory is not shared: %v", got)
	}
}

func TestSwap(t *testing.T) {
	for _, c := range []struct {
		dtype nd.DType
		want  []byte
	}{
		{nd.Uint8, []byte{0, 1, 2, 3, 4, 5, 6, 7}},
		{nd.Float16, []byte{1, 0, 3, 2, 5, 4, 7, 6}},
		{nd.Int32, []byte{3, 2, 1, 0, 7, 6, 5, 4}},
		{nd.Complex64, []byte{3, 2, 1, 0, 7, 6, 5, 4}},
		{nd.Float64, []byte{7, 6, 5, 4, 3, 2, 1, 0}},
	} {
		b := []byte{0, 1, 2, 3, 4, 5, 6, 7}
		if nd.Swap(b, b, c.dtype); !slices.Equal(b, c.want) {
			t.Errorf("%v: %v", c.dtype, b)
		}
	}
}
