package kernels

// FirstNotFinite returns the index of the first NaN or infinity, −1 when there is none.
func FirstNotFinite[T float32 | float64](values []T) int {
	for i, v := range values {
		if v-v != 0 {
			return i
		}
	}
	return -1
}

// Scale255 writes src/255, computed in T, to dst.
func Scale255[T float32 | float64](dst []T, src []uint8) {
	mustFit("destination", len(dst), len(src))
	for i, v := range src {
		dst[i] = T(v) / 255
	}
}

// ApplyMask sets every channel of affs (channel first) to 0 where the mask is false or 0.
func ApplyMask[T Affinity, M bool | uint8 | float64](affs []T, channels int, mask []M) {
	mustFit("affinities", len(affs), channels*len(mask))
	var outside M
	for c := range channels {
		channel := affs[c*len(mask):][:len(mask)]
		for i, m := range mask {
			if m == outside {
				channel[i] = 0
			}
		}
	}
}

// MultiplyMask multiplies every channel of affs (channel first) by the mask.
func MultiplyMask[T float32 | float64](affs []T, channels int, mask []T) {
	mustFit("affinities", len(affs), channels*len(mask))
	for c := range channels {
		channel := affs[c*len(mask):][:len(mask)]
		for i, m := range mask {
			channel[i] *= m
		}
	}
}
