package kernels

import "volara/nd"

// FiniteRange returns the least and the greatest of elements begin to end that are finite, as float64; ok is false where
// there is none. Complex numbers have no order.
func FiniteRange(a *nd.Array, begin, end int) (least, greatest float64, ok bool) {
	switch a.DType() {
	case nd.Bool, nd.Uint8:
		return finiteRange(nd.Values[uint8](a)[begin:end])
	case nd.Uint16:
		return finiteRange(nd.Values[uint16](a)[begin:end])
	case nd.Uint32:
		return finiteRange(nd.Values[uint32](a)[begin:end])
	case nd.Uint64:
		return finiteRange(nd.Values[uint64](a)[begin:end])
	case nd.Int8:
		return finiteRange(nd.Values[int8](a)[begin:end])
	case nd.Int16:
		return finiteRange(nd.Values[int16](a)[begin:end])
	case nd.Int32:
		return finiteRange(nd.Values[int32](a)[begin:end])
	case nd.Int64:
		return finiteRange(nd.Values[int64](a)[begin:end])
	case nd.Float16:
		wide := make([]float64, end-begin)
		for i, h := range nd.Values[uint16](a)[begin:end] {
			wide[i] = nd.HalfToFloat(h)
		}
		return finiteRange(wide)
	case nd.Float32:
		return finiteRange(nd.Values[float32](a)[begin:end])
	case nd.Float64:
		return finiteRange(nd.Values[float64](a)[begin:end])
	}
	panic("kernels: " + a.DType().String() + " has no order")
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
