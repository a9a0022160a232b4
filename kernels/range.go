package kernels

import "volara/nd"

// FiniteRange returns the least and the greatest of elements begin to end that are finite, as float64; ok is false where
// there is none. Complex numbers have no order.
func FiniteRange(a *nd.Array, begin, end int) (least, greatest float64, ok bool) {
	return ranges[a.DType()](a, begin, end)
}

// ranges are those of each type; complex numbers have none.
var ranges = withHalf(withBool(nd.Real[ranger](rangeOf[int8], rangeOf[int16], rangeOf[int32], rangeOf[int64], rangeOf[uint8], rangeOf[uint16],
	rangeOf[uint32], rangeOf[uint64], rangeOf[float32], rangeOf[float64])))

type ranger func(a *nd.Array, begin, end int) (least, greatest float64, ok bool)

func rangeOf[T nd.Element](a *nd.Array, begin, end int) (least, greatest float64, ok bool) {
	return finiteRange(nd.Values[T](a)[begin:end])
}

func withHalf(table nd.ByType[ranger]) nd.ByType[ranger] {
	table[nd.Float16] = func(a *nd.Array, begin, end int) (least, greatest float64, ok bool) {
		return finiteRange(widen(nd.View(nd.Float16, a.Bytes()[2*begin:2*end], end-begin)))
	}
	return table
}

func finiteRange[T nd.Element](values []T) (least, greatest float64, ok bool) {
	first := 0
	for first < len(values) && values[first]-values[first] != 0 {
		first++
	}
	if first == len(values) {
		return 0, 0, false
	}
	lo, hi := values[first], values[first]
	for _, v := range values[first+1:] {
		if v-v != 0 { // NaN or infinite
			continue
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	return float64(lo), float64(hi), true
}
