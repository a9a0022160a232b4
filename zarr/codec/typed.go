package codec

import "volara/nd"

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
		nd.Swap(plain, src, from.DType)
		src = plain
	}
	fill(dst, src)
	if to.Swapped {
		nd.Swap(dst, dst, to.DType)
	}
	return dst, nil
}

// supported reports whether elements of the type can be converted.
func supported(t nd.DType) bool { return t != nd.Invalid && !t.IsComplex() }
