package stages

import (
	"fmt"

	"volara/fault"
	"volara/nd"
)

// asLabels returns an integer array as uint64, without a copy where it is that already. A negative label is an error.
func asLabels(a *nd.Array) ([]uint64, error) {
	t := a.DType()
	switch {
	case t == nd.Uint64:
		return nd.Values[uint64](a), nil
	case !t.IsInteger():
		return nil, fault.Permanent(fmt.Errorf("labels of type %v", t))
	}
	out := make([]uint64, a.Len())
	if bad := nd.CasterOf(t, nd.Uint64, nd.Exact)(nd.From(out, len(out)).Bytes(), a.Bytes()); bad >= 0 {
		return nil, fault.Permanent(fmt.Errorf("label %d is negative", nd.Values[int64](a.As(nd.Int64))[bad]))
	}
	return out, nil
}

// asFloat64 returns any real array's values as float64, without a copy where they are that already.
func asFloat64(a *nd.Array) []float64 { return nd.Values[float64](a.As(nd.Float64)) }
