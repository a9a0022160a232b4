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
	steps := cast(a.DType(), to)
	switch to {
	case nd.Int8:
		steps = append(steps, clipWhole[int8](op, to))
	case nd.Int16:
		steps = append(steps, clipWhole[int16](op, to))
	case nd.Int32:
		steps = append(steps, clipWhole[int32](op, to))
	case nd.Int64:
		steps = append(steps, clipWhole[int64](op, to))
	case nd.Uint8:
		steps = append(steps, clipWhole[uint8](op, to))
	case nd.Uint16:
		steps = append(steps, clipWhole[uint16](op, to))
	case nd.Uint32:
		steps = append(steps, clipWhole[uint32](op, to))
	case nd.Uint64:
		steps = append(steps, clipWhole[uint64](op, to))
	case nd.Float16:
		steps = append(steps, plain(nd.Float32, widenHalf), clipFloat32(op, roundedHalf), plain(to, narrowToHalf[float32]))
	case nd.Float32:
		steps = append(steps, clipFloat32(op, func(v float64) float32 { return float32(v) }))
	case nd.Float64:
		steps = append(steps, clipFloat64(op))
	default:
		return a, fmt.Errorf("not possible for %v", to)
	}
	return a.mapped(steps...), nil
}

func roundedHalf(v float64) float32 { return float32(nd.HalfToFloat(nd.FloatToHalf(v))) }

// clipWhole clips whole numbers. Bounds that the type does not hold are its own.
func clipWhole[T number](op Clip, t nd.DType) step {
	low, high := bounds[T]()
	if op.Low != nil {
		low = clamped[T](*op.Low)
	}
	if op.High != nil {
		high = clamped[T](*op.High)
	}
	return inPlace(t, func(x []T) { clampWhole(x, low, high) })
}

func clampWhole[T number](x []T, low, high T) {
	for i, v := range x {
		x[i] = min(max(v, low), high)
	}
}

// clipFloat32 clips floats; bounds are rounded to the array's type first, as numpy does. NaN is neither below nor above
// a bound, and what is equal to one stays, −0 too. What is chosen is chosen among bits, without a branch.
func clipFloat32(op Clip, round func(float64) float32) step {
	low, high := float32(math.Inf(-1)), float32(math.Inf(1))
	if op.Low != nil {
		low = round(op.Low.float)
	}
	if op.High != nil {
		high = round(op.High.float)
	}
	return inPlace(nd.Float32, func(x []float32) { clamp32(x, low, high) })
}

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

// clipFloat64 is clipFloat32 for wider floats.
func clipFloat64(op Clip) step {
	low, high := math.Inf(-1), math.Inf(1)
	if op.Low != nil {
		low = op.Low.float
	}
	if op.High != nil {
		high = op.High.float
	}
	return inPlace(nd.Float64, func(x []float64) { clamp64(x, low, high) })
}

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
