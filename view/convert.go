package view

import (
	"fmt"

	"volara/nd"
)

// viewerType returns the type in which the viewer is given values of type t. Labels keep all their bits: negative ones show
// as large numbers.
func viewerType(t nd.DType, kind Kind) (nd.DType, error) {
	switch {
	case kind == Labels && t.IsFloat():
		return nd.Invalid, fmt.Errorf("labels are whole numbers, not %v; show it as an image", t)
	case shownAsIs(t):
		return t, nil
	case t == nd.Bool:
		return nd.Uint8, nil
	case t == nd.Int64 && kind == Labels:
		return nd.Uint64, nil
	case t == nd.Int64, t == nd.Float16, t == nd.Float64:
		return nd.Float32, nil
	}
	return nd.Invalid, fmt.Errorf("values of type %v cannot be shown", t)
}

// convert returns the elements of an array in the type that viewerType names for them, in the machine's byte order. The
// result may be the array's own memory.
func convert(a *nd.Array, to nd.DType) []byte {
	if to == nd.Float32 {
		a = a.As(to)
	}
	return a.Bytes() // the same bits, for the other types
}
