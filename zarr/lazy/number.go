package lazy

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"volara/config"
	"volara/nd"
)

// A Number is a number as a file writes it: 1 is whole and 1.0 a float, as in Python, which decides what type the result
// of an operation has.
type Number struct {
	whole    bool
	negative bool
	size     uint64 // of a whole number: without its sign
	float    float64
}

// wholeNumber returns the number that an int literal stands for.
func wholeNumber(v int64) Number {
	if v < 0 {
		return Number{whole: true, negative: true, size: -uint64(v), float: float64(v)}
	}
	return Number{whole: true, size: uint64(v), float: float64(v)}
}

// DecodeNode reads a number; whole ones may lie between the least int64 and the largest uint64.
func (x *Number) DecodeNode(n *config.Node) error {
	if n.Kind() != config.Int {
		*x = Number{}
		return n.Decode(&x.float)
	}
	var signed int64
	if strings.HasPrefix(n.Text(), "-") {
		err := n.Decode(&signed)
		*x = wholeNumber(signed)
		return err
	}
	var unsigned uint64
	err := n.Decode(&unsigned)
	*x = Number{whole: true, size: unsigned, float: float64(unsigned)}
	return err
}

// MarshalJSON writes the number so that DecodeNode reads the same.
func (x Number) MarshalJSON() ([]byte, error) { return []byte(x.String()), nil }

// String writes the number as Python does, floats with a point or an exponent.
func (x Number) String() string {
	if x.whole {
		sign := ""
		if x.negative {
			sign = "-"
		}
		return sign + strconv.FormatUint(x.size, 10)
	}
	text := strconv.FormatFloat(x.float, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// less compares two numbers, whole ones exactly.
func (x Number) less(y Number) bool {
	switch {
	case !x.whole || !y.whole:
		return x.float < y.float
	case x.negative != y.negative:
		return x.negative
	case x.negative:
		return x.size > y.size
	}
	return x.size < y.size
}

// clamped returns the number of a type that is nearest to a whole one.
func clamped[T nd.Integer](x Number) T {
	least, most := nd.Bounds[T]()
	switch {
	case x.negative && least == 0:
		return least
	case x.negative:
		if x.size >= -uint64(int64(least)) {
			return least
		}
		return T(-int64(x.size))
	case x.size >= uint64(most):
		return most
	}
	return T(x.size)
}

// withNumbers returns the type of numpy's result for an array of type t and numbers as Python has them.
func withNumbers(t nd.DType, numbers ...*Number) nd.DType {
	for _, x := range numbers {
		switch {
		case x == nil:
		case !x.whole && !t.IsFloat():
			return nd.Float64
		case t == nd.Bool:
			t = nd.Int64
		}
	}
	return t
}

// asFloat32 returns what numpy makes of a Python float beside a float32 array.
func asFloat32(what string, v float64) (float32, error) {
	f := float32(v)
	if math.IsNaN(v) || math.IsInf(float64(f), 0) {
		return 0, fmt.Errorf("%s is %v; it must be a number that a float32 holds", what, v)
	}
	return f, nil
}
