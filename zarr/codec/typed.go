package codec

import (
	"unsafe"

	"volara/nd"
)

// typed is the part that filters from elements to elements share: the types, the byte orders, the lengths.
type typed struct {
	in, out Type
}

// Types implements Filter.
func (t *typed) Types() (in, out Type) { return t.in, t.out }

// EncodedLen implements FixedLength.
func (t *typed) EncodedLen(n int) int { return n / t.in.Size() * t.out.Size() }

// native puts both types into the machine's byte order.
func (t *typed) native() { t.in.Swapped, t.out.Swapped = false, false }

// encode calls fill with as many elements of out in dst as src holds of in, both in the machine's byte order.
func (t *typed) encode(dst, src []byte, fill func(dst, src []byte)) ([]byte, error) {
	return through(dst, src, t.in, t.out, fill)
}

// decode is encode in the other direction.
func (t *typed) decode(dst, src []byte, limit int, fill func(dst, src []byte)) ([]byte, error) {
	if len(src)/t.out.Size() > limit/t.in.Size() {
		return nil, ErrTooLong
	}
	return through(dst, src, t.out, t.in, fill)
}

func through(dst, src []byte, from, to Type, fill func(dst, src []byte)) ([]byte, error) {
	n, err := elements(len(src), from)
	if err != nil {
		return nil, err
	}
	dst = grow(dst, n*to.Size())
	if from.Swapped {
		plain := make([]byte, len(src))
		swapElements(plain, src, from.DType)
		src = plain
	}
	fill(dst, src)
	if to.Swapped {
		swapElements(dst, dst, to.DType)
	}
	return dst, nil
}

// number lists the Go types that real elements have in memory.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64 | truth
}

// truth is a boolean: 0 or 1.
type truth uint8

// view returns the whole elements in b, which shares their memory.
func view[T number | complex64 | complex128](b []byte) []T {
	var zero T
	if len(b) < int(unsafe.Sizeof(zero)) {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// supported reports whether elements of the type can be converted.
func supported(t nd.DType) bool {
	_, ok := typesV2[t]
	return ok && !t.IsComplex()
}
