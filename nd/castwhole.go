package nd

import "math/bits"

func wholeToWhole[S, D Integer](p Policy) Caster {
	if !p.checks() {
		return convert[S, D]
	}
	least, most := Bounds[D]()
	return wholeWithin[S](p, least, most)
}

func wholeToBool[S Integer](p Policy) Caster {
	if !p.checks() {
		return notZero[S]
	}
	return wholeWithin[S, uint8](p, 0, 1)
}

func wholeToFloat[S Integer, D Float](p Policy) Caster {
	if p == Exact {
		return wholeToExactFloat[S, D]
	}
	return convert[S, D] // all are far below the largest float
}

// convert is Go's conversion: whole numbers wrap around, floats are rounded to even.
func convert[S, D Element](dst, src []byte) int {
	in, out := Elements[S](src), Elements[D](dst)
	out = out[:len(in)]
	for i, v := range in {
		out[i] = D(v)
	}
	return -1
}

func notZero[S Element](dst, src []byte) int {
	in := Elements[S](src)
	dst = dst[:len(in)]
	for i, v := range in {
		dst[i] = truth(v != 0)
	}
	return -1
}

func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// boolTo writes 1 for true.
func boolTo[D Element](dst, src []byte) int {
	out := Elements[D](dst)[:len(src)]
	for i, v := range src {
		out[i] = D(truth(v != 0))
	}
	return -1
}

// wholeWithin casts to whole numbers from least, which is not positive, to most.
func wholeWithin[S, D Integer](p Policy, least, most D) Caster {
	return func(dst, src []byte) int {
		in, out := Elements[S](src), Elements[D](dst)
		out = out[:len(in)]
		for i, v := range in {
			low, high := v < 0 && int64(v) < int64(least), v > 0 && uint64(v) > uint64(most)
			switch {
			case (low || high) && p != Saturate:
				return i
			case low:
				out[i] = least
			case high:
				out[i] = most
			default:
				out[i] = D(v)
			}
		}
		return -1
	}
}

// wholeToExactFloat refuses numbers of more digits than a float has.
func wholeToExactFloat[S Integer, D Float](dst, src []byte) int {
	in, out := Elements[S](src), Elements[D](dst)
	out = out[:len(in)]
	digits := mantissa[D]()
	for i, v := range in {
		size := uint64(v)
		if v < 0 {
			size = -size
		}
		if bits.Len64(size)-bits.TrailingZeros64(size) > digits {
			return i
		}
		out[i] = D(v)
	}
	return -1
}

// mantissa returns how many binary digits a float has.
func mantissa[T Float]() int {
	if TypeOf[T]() == Float32 {
		return 24
	}
	return 53
}
