package stages

import (
	"volara/kernels"
	"volara/nd"
)

// A mask is one factor a voxel: Volara multiplies affinities by it. Several channels mean: inside where all of them are
// positive; a mask whose largest value is 255 means: inside where it is positive.
type mask struct {
	gain []float64
	// plain tells that every factor is 0 or 1.
	plain bool
}

// newMask reads a mask of spatial dimensions dims (a leading axis more: channels); nil gives nil.
func newMask(a *nd.Array, dims int) *mask {
	if a == nil {
		return nil
	}
	gain := asFloat64(a)
	positive := false
	if len(a.Shape()) > dims {
		gain, positive = minChannels(gain, a.Shape()[0]), true
	}
	top := 0.0
	for _, g := range gain {
		top = max(top, g)
	}
	m := &mask{gain: gain, plain: true}
	for i, g := range gain {
		if positive || top == 255 {
			gain[i] = 0
			if g > 0 {
				gain[i] = 1
			}
		} else if g != 0 && g != 1 {
			m.plain = false
		}
	}
	return m
}

func minChannels(values []float64, channels int) []float64 {
	n := len(values) / max(1, channels)
	least := values[:n:n]
	for c := 1; c < channels; c++ {
		for i, v := range values[c*n : (c+1)*n] {
			least[i] = min(least[i], v)
		}
	}
	return least
}

// apply multiplies channel-first values; a nil mask leaves them.
func (m *mask) apply(values []float64) {
	if m != nil {
		kernels.MultiplyMask(values, len(values)/len(m.gain), m.gain)
	}
}

// clearMasked sets to 0 what a plain mask excludes; a nil mask leaves values as they are.
func clearMasked[T uint8 | float32](m *mask, values []T) {
	if m != nil {
		kernels.ApplyMask(values, len(values)/len(m.gain), m.gain)
	}
}
