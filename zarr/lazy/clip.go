package lazy

import (
	"context"
	"fmt"
	"math"

	"volara/config"
	"volara/nd"
)

// Clip is numpy.clip(x, low, high): values below low become low, those above high become high, NaN stays. A bound that
// is nil is none. Whole numbers clipped at a float become float64, bool becomes int64.
type Clip struct{ Low, High *Number }

// Name is the operation's name in files.
func (Clip) Name() string { return "clip" }

// Argument is [low, high], null where there is no bound.
func (op Clip) Argument() any { return [2]*Number{op.Low, op.High} }

// DecodeNode reads [low, high].
func (op *Clip) DecodeNode(n *config.Node) error {
	if n.Kind() != config.List || n.Len() != 2 {
		return n.Errorf("two bounds are needed: {clip: [low, high]}, null for none")
	}
	for i, bound := range []**Number{&op.Low, &op.High} {
		if item := n.Index(i); !item.IsNull() {
			*bound = new(Number)
			if err := (*bound).DecodeNode(item); err != nil {
				return err
			}
		}
	}
	switch {
	case op.Low == nil && op.High == nil:
		return n.Errorf("clip without a bound does nothing; give one of the two")
	case op.Low != nil && op.High != nil && op.High.less(*op.Low):
		return n.Errorf("clip from %v to %v: the low bound is the higher one", op.Low, op.High)
	}
	return nil
}

// Apply clips.
func (op Clip) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	to := withNumbers(a.DType(), op.Low, op.High)
	clips := nd.Real(clipWhole[int8], clipWhole[int16], clipWhole[int32], clipWhole[int64], clipWhole[uint8], clipWhole[uint16],
		clipWhole[uint32], clipWhole[uint64], clipFloat(clamp32), clipFloat(clamp64))
	switch clip := clips[to]; {
	case to == nd.Float16:
		return a.mapped(append(cast(a.DType(), to), throughFloat32(clips[nd.Float32](op.halved()))...)...), nil
	case clip == nil:
		return a, fmt.Errorf("not possible for %v", to)
	default:
		return a.mapped(append(cast(a.DType(), to), clip(op))...), nil
	}
}

// halved returns the operation with bounds rounded to Float16.
func (op Clip) halved() Clip {
	for _, bound := range []**Number{&op.Low, &op.High} {
		if *bound != nil {
			*bound = &Number{float: roundedHalf((*bound).float)}
		}
	}
	return op
}

// clipWhole clips whole numbers. Bounds that the type does not hold are its own.
func clipWhole[T nd.Integer](op Clip) step {
	low, high := nd.Bounds[T]()
	if op.Low != nil {
		low = clamped[T](*op.Low)
	}
	if op.High != nil {
		high = clamped[T](*op.High)
	}
	return inPlace(nd.TypeOf[T](), func(x []T) { clampWhole(x, low, high) })
}

func clampWhole[T nd.Integer](x []T, low, high T) {
	for i, v := range x {
		x[i] = min(max(v, low), high)
	}
}

// clipFloat clips floats; bounds are rounded to the array's type first, as numpy does. NaN is neither below nor above
// a bound, and what is equal to one stays, −0 too.
func clipFloat[T nd.Float](clamp func(x []T, low, high T)) func(Clip) step {
	return func(op Clip) step {
		low, high := T(math.Inf(-1)), T(math.Inf(1))
		if op.Low != nil {
			low = T(op.Low.float)
		}
		if op.High != nil {
			high = T(op.High.float)
		}
		return inPlace(nd.TypeOf[T](), func(x []T) { clamp(x, low, high) })
	}
}

// clamp32 chooses among bits, without a branch.
func clamp32(x []float32, low, high float32) {
	lowBits, highBits := math.Float32bits(low), math.Float32bits(high)
	for i, v := range x {
		bits := math.Float32bits(v)
		if v < low {
			bits = lowBits
		}
		if v > high {
			bits = highBits
		}
		x[i] = math.Float32frombits(bits)
	}
}

// clamp64 is clamp32 for wider floats.
func clamp64(x []float64, low, high float64) {
	lowBits, highBits := math.Float64bits(low), math.Float64bits(high)
	for i, v := range x {
		bits := math.Float64bits(v)
		if v < low {
			bits = lowBits
		}
		if v > high {
			bits = highBits
		}
		x[i] = math.Float64frombits(bits)
	}
}
