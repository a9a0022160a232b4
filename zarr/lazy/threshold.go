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
	bound := op.Above
	switch {
	case from.IsInteger() && !bound.whole:
		steps, from = append(steps, cast(from, nd.Float64)...), nd.Float64
	case from == nd.Float16:
		steps, from = cast(from, nd.Float32), nd.Float32
		bound.float = roundedHalf(bound.float)
	}
	greater := nd.Real(greaterWhole[int8], greaterWhole[int16], greaterWhole[int32], greaterWhole[int64], greaterWhole[uint8],
		greaterWhole[uint16], greaterWhole[uint32], greaterWhole[uint64], greaterFloat[float32], greaterFloat[float64])
	return a.mapped(append(steps, greater[from](bound))...), nil
}

// greaterWhole compares with a whole bound, which the type may not hold.
func greaterWhole[T nd.Integer](bound Number) step {
	least, _ := nd.Bounds[T]()
	if bound.negative && (least == 0 || bound.size > -uint64(int64(least))) {
		return plain(nd.Bool, func(dst, _ []byte) {
			for i := range dst {
				dst[i] = 1
			}
		})
	}
	return greater(clamped[T](bound)) // nothing is greater than the largest number
}

// greaterFloat compares with the bound rounded to the type.
func greaterFloat[T nd.Float](bound Number) step { return greater(T(bound.float)) }

func greater[T nd.Element](bound T) step {
	return plain(nd.Bool, func(dst, src []byte) { markGreater(dst, nd.Elements[T](src), bound) })
}

func markGreater[T nd.Element](dst []byte, x []T, bound T) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = truth(v > bound)
	}
}
