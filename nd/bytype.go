package nd

import "unsafe"

// A ByType holds something for every element type, by its DType: most often a generic function's instances, of which
// Go can choose none at run time. What was not given is the zero F.
//
//	var negate = nd.Real(negated[int8], negated[int16], …, negated[float64])
//	negate[a.DType()](a.Bytes())
//
// Types that Go does not have are set by hand: table[nd.Float16] = negatedHalf.
type ByType[F any] [Complex128 + 1]F

// Real returns a table with an entry for each Go type of real numbers, in the order of Element; Bool, Float16 and the
// complex types have none.
func Real[F any](i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 F) ByType[F] {
	return ByType[F]{Int8: i8, Int16: i16, Int32: i32, Int64: i64, Uint8: u8, Uint16: u16, Uint32: u32, Uint64: u64,
		Float32: f32, Float64: f64}
}

// Integer lists the Go types of whole numbers.
type Integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// Float lists the Go types of floating-point numbers.
type Float interface{ float32 | float64 }

// Bounds returns the least and the largest number of a type.
func Bounds[T Integer]() (least, most T) {
	if most = ^least; most > 0 { // all bits set
		return 0, most
	}
	var zero T
	least = 1 << (8*unsafe.Sizeof(zero) - 1)
	return least, ^least
}

// Elements returns the whole elements in memory that is aligned to their size, which they share.
func Elements[T AnyElement](b []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if len(b) < size {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/size)
}
