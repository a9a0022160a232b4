package nd

import "math"

func floatToWhole[S Float, D Integer](p Policy) Caster {
	least, most := Bounds[D]()
	switch {
	case p.checks():
		return floatWithin[S](p, least, most)
	case p == AsType:
		return floatClamped[S, D]
	case p == Wrap:
		return floatWrapped[S, D](1<<64, 0)
	case TypeOf[D]() == Uint64:
		return floatWrapped[S, D](1<<64, 1<<63)
	}
	return floatWrapped[S, D](1<<63, 1<<63)
}

func floatToBool[S Float](p Policy) Caster {
	if !p.checks() {
		return notZero[S]
	}
	return floatWithin[S, uint8](p, 0, 1)
}

func floatToFloat[S, D Float](p Policy) Caster {
	if !p.checks() {
		return convert[S, D]
	}
	return checkedFloats[S, D](p)
}

// floatWithin rounds to whole numbers from least, which is not positive, to most.
func floatWithin[S Float, D Integer](p Policy, least, most D) Caster {
	low, beyond := float64(least), 2*float64(most/2+1) // of 64 bits, most is no float, but half of what follows it is
	return func(dst, src []byte) int {
		in, out := Elements[S](src), Elements[D](dst)
		out = out[:len(in)]
		for i, s := range in {
			v := float64(s)
			switch r := math.RoundToEven(v); {
			case p == Exact && r != v:
				return i
			case r >= low && r < beyond:
				out[i] = D(r)
			case p != Saturate:
				return i
			case r >= beyond:
				out[i] = most
			case r < low:
				out[i] = least
			default:
				out[i] = 0
			}
		}
		return -1
	}
}

// floatClamped cuts off the fraction and takes the nearest whole number that there is.
func floatClamped[S Float, D Integer](dst, src []byte) int {
	in, out := Elements[S](src), Elements[D](dst)
	out = out[:len(in)]
	least, most := Bounds[D]()
	low, high := float64(least), float64(most)
	for i, v := range in {
		switch f := float64(v); {
		case f > low && f < high:
			out[i] = D(f)
		case f <= low:
			out[i] = least
		case f >= high:
			out[i] = most
		default:
			out[i] = 0
		}
	}
	return -1
}

// floatWrapped cuts off the fraction and keeps the lowest bits of numbers from −2⁶³ to below end, which is 2⁶³ or 2⁶⁴;
// all others become the lowest bits of other.
func floatWrapped[S Float, D Integer](end float64, other uint64) Caster {
	return func(dst, src []byte) int {
		in, out := Elements[S](src), Elements[D](dst)
		out = out[:len(in)]
		for i, s := range in {
			switch v := float64(s); {
			case v >= -1<<63 && v < 1<<63:
				out[i] = D(int64(v))
			case v >= 1<<63 && v < end:
				out[i] = D(uint64(v))
			default:
				out[i] = D(other)
			}
		}
		return -1
	}
}

// checkedFloats rounds and looks at what became of the number.
func checkedFloats[S, D Float](p Policy) Caster {
	return func(dst, src []byte) int {
		in, out := Elements[S](src), Elements[D](dst)
		out = out[:len(in)]
		for i, s := range in {
			out[i] = D(s)
			if v := float64(s); lost(v, float64(out[i])) {
				if p.refuses(float64(out[i])) {
					return i
				}
				if math.IsInf(float64(out[i]), 0) {
					out[i] = D(math.Copysign(math.MaxFloat32, v)) // none is beyond float64
				}
			}
		}
		return -1
	}
}

// toHalf rounds real numbers to Float16.
func toHalf[S Element](p Policy) Caster {
	if !p.checks() {
		return halfOf[S]
	}
	return func(dst, src []byte) int {
		in, out := Elements[S](src), Elements[uint16](dst)
		out = out[:len(in)]
		for i, s := range in {
			v := float64(s) // of 64-bit integers, all that a half is near are exact
			out[i] = FloatToHalf(v)
			if h := HalfToFloat(out[i]); lost(v, h) {
				if p.refuses(h) {
					return i
				}
				if math.IsInf(h, 0) {
					out[i] = FloatToHalf(math.Copysign(maxHalf, v))
				}
			}
		}
		return -1
	}
}

// maxHalf is the largest half-precision number.
const maxHalf = 65504

// lost reports whether a number, which may be NaN, became another one.
func lost(v, became float64) bool { return became != v && v == v }

// refuses reports whether a policy that checks refuses to round a number to r.
func (p Policy) refuses(r float64) bool { return p == Exact || p == Nearest && math.IsInf(r, 0) }

func halfOf[S Element](dst, src []byte) int {
	in, out := Elements[S](src), Elements[uint16](dst)
	out = out[:len(in)]
	for i, v := range in {
		out[i] = FloatToHalf(float64(v))
	}
	return -1
}

func halfToFloat[D Float](dst, src []byte) int {
	in, out := Elements[uint16](src), Elements[D](dst)
	out = out[:len(in)]
	for i, h := range in {
		out[i] = D(HalfToFloat(h))
	}
	return -1
}
