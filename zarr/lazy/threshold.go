package lazy

import (
	"context"

	"volara/config"
	"volara/nd"
)

// Threshold is x > bound: bool, true where the value is strictly greater. Whole numbers are compared exactly with a
// whole bound, as float64 with a float; floats with the bound rounded to their own type. NaN is never greater.
type Threshold struct{ Above Number }

// Name is the operation's name in files.
func (Threshold) Name() string { return "threshold" }

// Argument is the bound.
func (op Threshold) Argument() any { return op.Above }

// DecodeNode reads the bound.
func (op *Threshold) DecodeNode(n *config.Node) error {
	if n.IsNull() {
		return n.Errorf("a number is needed: {threshold: 0.5}")
	}
	return op.Above.DecodeNode(n)
}

// Apply compares; the result is bool.
func (op Threshold) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	from := a.DType()
	steps := []step(nil)
	if from == nd.Bool {
		steps, from = cast(nd.Bool, nd.Uint8), nd.Uint8
	}
	bound := op.Above.float
	if from.IsInteger() && !op.Above.whole {
		steps, from = append(steps, cast(from, nd.Float64)...), nd.Float64
	}
	switch from {
	case nd.Int8:
		steps = append(steps, greaterWhole[int8](op.Above))
	case nd.Int16:
		steps = append(steps, greaterWhole[int16](op.Above))
	case nd.Int32:
		steps = append(steps, greaterWhole[int32](op.Above))
	case nd.Int64:
		steps = append(steps, greaterWhole[int64](op.Above))
	case nd.Uint8:
		steps = append(steps, greaterWhole[uint8](op.Above))
	case nd.Uint16:
		steps = append(steps, greaterWhole[uint16](op.Above))
	case nd.Uint32:
		steps = append(steps, greaterWhole[uint32](op.Above))
	case nd.Uint64:
		steps = append(steps, greaterWhole[uint64](op.Above))
	case nd.Float16:
		steps = append(steps, plain(nd.Float32, widenHalf), greater(roundedHalf(bound)))
	case nd.Float32:
		steps = append(steps, greater(float32(bound)))
	default:
		steps = append(steps, greater(bound))
	}
	return a.mapped(steps...), nil
}

// greaterWhole compares with a whole bound, which the type may not hold.
func greaterWhole[T number](bound Number) step {
	least, _ := bounds[T]()
	if bound.negative && (least == 0 || bound.size > -uint64(int64(least))) {
		return plain(nd.Bool, func(dst, _ []byte) {
			for i := range dst {
				dst[i] = 1
			}
		})
	}
	return greater(clamped[T](bound)) // nothing is greater than the largest number
}

func greater[T number](bound T) step {
	return plain(nd.Bool, func(dst, src []byte) { markGreater(dst, elements[T](src), bound) })
}

func markGreater[T number](dst []byte, x []T, bound T) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = truth(v > bound)
	}
}
