package transfer

import (
	"fmt"

	"volara/nd"
)

// A Cast says what becomes of values that the destination's type does not have.
type Cast string

// The casts.
const (
	Exact    Cast = "exact"    // an error
	Nearest  Cast = "nearest"  // rounded, ties to even; out of range is an error
	Saturate Cast = "saturate" // rounded; out of range becomes the nearest value that is not, NaN of integers 0
	Wrap     Cast = "wrap"     // the whole part, modulo what the type holds, as numpy's astype on x86; see nd.Wrap
)

// Casts lists all there are.
func Casts() []Cast { return []Cast{Exact, Nearest, Saturate, Wrap} }

func (c Cast) policy() nd.Policy {
	switch c {
	case Nearest:
		return nd.Nearest
	case Saturate:
		return nd.Saturate
	case Wrap:
		return nd.Wrap
	}
	return nd.Exact
}

// convert writes src's values to dst, of the same shape. It returns the place of the first value that the cast refuses, an
// imaginary part that the type does not have included; −1 when there is none.
func convert(dst, src *nd.Array, c Cast) int {
	return nd.CasterOf(src.DType(), dst.DType(), c.policy())(dst.Bytes(), src.Bytes())
}

// refused says what value of an array a cast refuses.
func refused(src *nd.Array, at int, t nd.DType, c Cast) error {
	advice := "--cast saturate takes the nearest value, --cast wrap what numpy's astype gives"
	if c == Exact {
		advice = "--cast nearest rounds, " + advice
	}
	return fmt.Errorf("%s is not a value of type %v, and --cast is %s; %s", valueAt(src, at), t, c, advice)
}

// valueAt writes one value for people.
func valueAt(a *nd.Array, i int) string {
	text := nd.Real(textAt[int8], textAt[int16], textAt[int32], textAt[int64], textAt[uint8], textAt[uint16], textAt[uint32],
		textAt[uint64], textAt[float32], textAt[float64])
	text[nd.Bool], text[nd.Complex64], text[nd.Complex128] = textAt[uint8], textAt[complex64], textAt[complex128]
	text[nd.Float16] = halfTextAt
	return text[a.DType()](a, i)
}

func textAt[T nd.AnyElement](a *nd.Array, i int) string { return fmt.Sprint(nd.Values[T](a)[i]) }

func halfTextAt(a *nd.Array, i int) string {
	return fmt.Sprint(nd.HalfToFloat(nd.Values[uint16](a)[i]))
}
