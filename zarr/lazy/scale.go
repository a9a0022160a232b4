package lazy

import (
	"context"
	"fmt"

	"volara/config"
	"volara/nd"
)

// ScaleShift is x.astype(float32) * scale + shift, computed in float32.
type ScaleShift struct{ Scale, Shift float64 }

// Name is the operation's name in files.
func (ScaleShift) Name() string { return "scale_shift" }

// Argument is [scale, shift].
func (op ScaleShift) Argument() any { return [2]float64{op.Scale, op.Shift} }

// DecodeNode reads [scale, shift].
func (op *ScaleShift) DecodeNode(n *config.Node) error {
	var pair [2]float64
	if n.IsNull() {
		return n.Errorf("two numbers are needed: {scale_shift: [scale, shift]}")
	}
	err := n.Decode(&pair)
	op.Scale, op.Shift = pair[0], pair[1]
	return err
}

// Apply scales and shifts; the result is float32.
func (op ScaleShift) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	scale, err := asFloat32("the scale", op.Scale)
	if err != nil {
		return a, err
	}
	shift, err := asFloat32("the shift", op.Shift)
	if err != nil {
		return a, err
	}
	return a.toFloat32(func(x []float32) { scaleShift(x, scale, shift) }), nil
}

func scaleShift(x []float32, scale, shift float32) {
	for i, v := range x {
		x[i] = float32(v*scale) + shift // two roundings, as numpy's; no fused one
	}
}

// toFloat32 returns the array as float32, changed in place.
func (a Array) toFloat32(change func(x []float32)) Array {
	steps := cast(a.DType(), nd.Float32)
	return a.mapped(append(steps, inPlace(nd.Float32, change))...)
}

// inPlace makes a step of a function that changes elements where they lie.
func inPlace[T nd.Element](t nd.DType, change func(x []T)) step {
	s := plain(t, func(dst, src []byte) {
		if len(dst) > 0 && &dst[0] != &src[0] {
			copy(dst, src)
		}
		change(nd.Elements[T](dst))
	})
	s.inPlace = true
	return s
}

// Normalize is (x.astype(float32) − min) / (max − min), computed in float32: 0 at min and 1 at max. Without bounds they
// are those of the type of whole numbers. Values beyond the bounds stay beyond 0 and 1.
type Normalize struct{ Bounds *[2]float64 }

// Name is the operation's name in files.
func (Normalize) Name() string { return "normalize" }

// Argument is [min, max], or nil.
func (op Normalize) Argument() any {
	if op.Bounds == nil {
		return nil
	}
	return *op.Bounds
}

// DecodeNode reads [min, max], or nothing.
func (op *Normalize) DecodeNode(n *config.Node) error {
	if n.IsNull() {
		return nil
	}
	op.Bounds = new([2]float64)
	if err := n.Decode(op.Bounds); err != nil {
		return err
	}
	if !(op.Bounds[0] < op.Bounds[1]) {
		return n.Errorf("normalize from %v to %v: the minimum must be less than the maximum", op.Bounds[0], op.Bounds[1])
	}
	return nil
}

// Apply normalises; the result is float32.
func (op Normalize) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	bounds := op.Bounds
	if bounds == nil {
		if bounds = typeBounds(a.DType()); bounds == nil {
			return a, fmt.Errorf("%v has no bounds of its own; write {normalize: [min, max]}", a.DType())
		}
	}
	w, err := newWindow(bounds[0], bounds[1])
	if err != nil {
		return a, err
	}
	return a.toFloat32(w.apply), nil
}

// typeBounds returns the bounds of a type of whole numbers, nil for another.
func typeBounds(t nd.DType) *[2]float64 {
	bits := 8 * t.Size()
	switch {
	case t == nd.Bool:
		return &[2]float64{0, 1}
	case t >= nd.Uint8 && t <= nd.Uint64:
		return &[2]float64{0, power2(bits) - 1}
	case t.IsInteger():
		return &[2]float64{-power2(bits - 1), power2(bits-1) - 1}
	}
	return nil
}

func power2(n int) float64 {
	v := 1.0
	for range n {
		v *= 2
	}
	return v
}

// A window is the range of values that becomes 0 to 1.
type window struct{ low, width float32 }

func newWindow(low, high float64) (w window, err error) {
	if w.low, err = asFloat32("the minimum", low); err != nil {
		return w, err
	}
	if w.width, err = asFloat32("maximum − minimum", high-low); err == nil && w.width <= 0 {
		err = fmt.Errorf("the window from %v to %v is empty", low, high)
	}
	return w, err
}

// apply is Volara's: two roundings.
func (w window) apply(x []float32) {
	for i, v := range x {
		x[i] = (v - w.low) / w.width
	}
}
