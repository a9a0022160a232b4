package nd

// A Policy says what becomes of numbers that the type they are cast to does not have.
//
//	           whole numbers   floats that become       floats that become
//	           out of range    whole numbers            narrower floats
//	Exact      refused         refused                  refused, but for infinities and NaN
//	Nearest    refused         rounded; beyond refused  rounded; beyond refused
//	Saturate   the nearest     rounded; the nearest     rounded; beyond the largest
//	Wrap       lowest bits     cut off; lowest bits     rounded; beyond infinite
//	AsType     lowest bits     cut off; the nearest     rounded; beyond infinite
//	AsTypeX86  lowest bits     cut off; see there       rounded; beyond infinite
//
// Rounding is to the nearest, ties to even. NaN is refused where it would become a whole number, or becomes 0. Bool has
// the whole numbers 0 and 1; by the last three policies all but 0 is true. True is 1, whichever bits it has. Numbers
// become complex ones without an imaginary part; where there is one, Exact to Wrap refuse to drop it.
type Policy uint8

// The policies. The last three are numpy's astype where its result does not depend on the machine; they differ in what a
// float beyond a type of whole numbers becomes.
const (
	Exact Policy = iota
	Nearest
	Saturate
	Wrap      // the whole part modulo what the type holds; 0 where 64 bits do not hold it, and of NaN
	AsType    // the nearest number that the type has, 0 of NaN
	AsTypeX86 // the lowest bits of its int64 (uint64 when that is the type), −2⁶³ where there is none, and of NaN
)

// checks reports whether the policy looks at what is lost.
func (p Policy) checks() bool { return p <= Saturate }

// A Caster writes elements of src to dst as elements of another type. Both hold the same number of them, in the machine's
// byte order, aligned to an element; dst may be src, or hold it at its end when its elements are not the smaller ones. It
// returns the place of the first element that the policy refuses, before which all are written, and −1 where there is none.
// It may be used concurrently.
type Caster func(dst, src []byte) int

// CasterOf returns the Caster between two types.
func CasterOf(from, to DType, p Policy) Caster {
	switch {
	case from == to:
		return same
	case from.IsComplex() || to.IsComplex():
		return complexCaster(from, to, p)
	}
	table := Real(fromWhole[int8], fromWhole[int16], fromWhole[int32], fromWhole[int64], fromWhole[uint8], fromWhole[uint16],
		fromWhole[uint32], fromWhole[uint64], fromFloat[float32], fromFloat[float64])
	table[Bool], table[Float16] = fromBool, fromHalf
	return table[from](to, p)
}

// As returns the array with elements of a type, by AsType; the array itself where it has them.
func (a *Array) As(t DType) *Array {
	if t == a.dtype {
		return a
	}
	to := New(t, a.shape...)
	CasterOf(a.dtype, t, AsType)(to.data, a.data)
	return to
}

func same(dst, src []byte) int {
	copy(dst, src)
	return -1
}

func fromWhole[S Integer](to DType, p Policy) Caster {
	table := Real(wholeToWhole[S, int8], wholeToWhole[S, int16], wholeToWhole[S, int32], wholeToWhole[S, int64],
		wholeToWhole[S, uint8], wholeToWhole[S, uint16], wholeToWhole[S, uint32], wholeToWhole[S, uint64],
		wholeToFloat[S, float32], wholeToFloat[S, float64])
	table[Bool], table[Float16] = wholeToBool[S], toHalf[S]
	return table[to](p)
}

func fromFloat[S Float](to DType, p Policy) Caster {
	table := Real(floatToWhole[S, int8], floatToWhole[S, int16], floatToWhole[S, int32], floatToWhole[S, int64],
		floatToWhole[S, uint8], floatToWhole[S, uint16], floatToWhole[S, uint32], floatToWhole[S, uint64],
		floatToFloat[S, float32], floatToFloat[S, float64])
	table[Bool], table[Float16] = floatToBool[S], toHalf[S]
	return table[to](p)
}

// fromBool casts to a type that holds 0 and 1, as all do.
func fromBool(to DType, _ Policy) Caster {
	if to == Float16 {
		return through(Bool, boolTo[float32], Float32, halfOf[float32], Float16)
	}
	return Real[Caster](boolTo[int8], boolTo[int16], boolTo[int32], boolTo[int64], boolTo[uint8], boolTo[uint16], boolTo[uint32],
		boolTo[uint64], boolTo[float32], boolTo[float64])[to]
}

func fromHalf(to DType, p Policy) Caster {
	switch to {
	case Float32:
		return halfToFloat[float32]
	case Float64:
		return halfToFloat[float64]
	}
	return through(Float16, halfToFloat[float32], Float32, CasterOf(Float32, to, p), to)
}

// through returns a Caster that makes elements of a type in between, a piece at a time.
func through(from DType, first Caster, between DType, second Caster, to DType) Caster {
	const piece = 1024
	return func(dst, src []byte) int {
		n := len(src) / from.Size()
		buf := New(between, min(n, piece)).data
		for at := 0; at < n; at += piece {
			m := min(piece, n-at)
			bad := first(buf[:m*between.Size()], src[at*from.Size():(at+m)*from.Size()])
			if bad >= 0 {
				m = bad
			}
			if earlier := second(dst[at*to.Size():(at+m)*to.Size()], buf[:m*between.Size()]); earlier >= 0 {
				bad = earlier
			}
			if bad >= 0 {
				return at + bad
			}
		}
		return -1
	}
}
