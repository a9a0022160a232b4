package nd

// complexCaster casts between types of which one or both are complex.
func complexCaster(from, to DType, p Policy) Caster {
	parts := CasterOf(from.Part(), to.Part(), p)
	switch {
	case !from.IsComplex():
		return through(from, parts, to.Part(), ofPart(to.Part(), addImaginary[float32], addImaginary[float64]), to)
	case !to.IsComplex():
		real := ofPart(from.Part(), realPart[float32], realPart[float64])
		return through(from, real(p), from.Part(), parts, to)
	}
	return func(dst, src []byte) int {
		bad := parts(dst, src)
		if bad > 0 {
			bad /= 2
		}
		return bad
	}
}

func ofPart[F any](t DType, f32, f64 F) F {
	if t == Float32 {
		return f32
	}
	return f64
}

// addImaginary makes complex numbers of real ones.
func addImaginary[T Float](dst, src []byte) int {
	out := Elements[T](dst)
	for i, v := range Elements[T](src) {
		out[2*i], out[2*i+1] = v, 0
	}
	return -1
}

// realPart makes real numbers of complex ones, or refuses to.
func realPart[T Float](p Policy) Caster {
	return func(dst, src []byte) int {
		in, out := Elements[T](src), Elements[T](dst)
		for i := range out {
			if out[i] = in[2*i]; in[2*i+1] != 0 && p <= Wrap {
				return i
			}
		}
		return -1
	}
}
