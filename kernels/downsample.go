package kernels

import (
	"fmt"
	"slices"

	"volara/nd"
)

// A Downsampling says how one coarse voxel is made of the fine ones that it covers.
type Downsampling string

// The ways of downsampling. A window is cut at the end of the array: what it holds there is all that counts.
const (
	// DownsampleMean is their mean: of integers rounded to the nearest, ties to even, as numpy's rint does; of Bool what
	// most of them are, false where they are equally many.
	DownsampleMean Downsampling = "mean"
	// DownsampleMode is the most frequent one, of equally frequent ones the lowest. NaN counts as one value, above all.
	DownsampleMode Downsampling = "mode"
	// DownsampleStride is the first of them along every axis.
	DownsampleStride Downsampling = "stride"
	// DownsampleMin and DownsampleMax are the least and the greatest; NaN where one of them is, as numpy has it.
	DownsampleMin Downsampling = "min"
	DownsampleMax Downsampling = "max"
)

// Downsamplings lists all ways.
func Downsamplings() []Downsampling {
	return []Downsampling{DownsampleMean, DownsampleMode, DownsampleStride, DownsampleMin, DownsampleMax}
}

// Takes reports whether elements of a type can be downsampled so: complex numbers have no order, by which all but means
// and strides go.
func (m Downsampling) Takes(t nd.DType) bool {
	return slices.Contains(Downsamplings(), m) && (!t.IsComplex() || m == DownsampleMean || m == DownsampleStride)
}

// CoarserShape returns the shape of an array that is downsampled by so many voxels along every axis: windows that the
// array's end cuts count.
func CoarserShape(shape, factor []int) []int {
	coarse := slices.Clone(shape)
	for d, f := range factor {
		coarse[d] = (shape[d] + f - 1) / f
	}
	return coarse
}

// Downsample makes every voxel of dst of the window of factor voxels of src that it covers. dst is of src's type and of
// CoarserShape. Axes with factor 1 stay as they are.
func Downsample(dst, src *nd.Array, factor []int, m Downsampling) {
	switch {
	case len(factor) != len(src.Shape()):
		panic(fmt.Sprintf("kernels: factors %v for the shape %v", factor, src.Shape()))
	case slices.ContainsFunc(factor, func(f int) bool { return f < 1 }):
		panic(fmt.Sprintf("kernels: factors %v", factor))
	case dst.DType() != src.DType() || !slices.Equal(dst.Shape(), CoarserShape(src.Shape(), factor)):
		panic(fmt.Sprintf("kernels: %v %v does not become %v %v by %v", src.DType(), src.Shape(), dst.DType(), dst.Shape(), factor))
	case !m.Takes(src.DType()):
		panic(fmt.Sprintf("kernels: the %s of %v", m, src.DType()))
	}
	w := newWindows(src.Shape(), factor)
	switch t := src.DType(); {
	case dst.Len() == 0:
	case m == DownsampleStride:
		strideOf(dst, src, w)
	case t == nd.Float16:
		wide, coarse := widen(src), make([]float32, dst.Len())
		downsampleFloats(coarse, wide, w, m)
		for i, v := range coarse {
			nd.Values[uint16](dst)[i] = nd.FloatToHalf(float64(v))
		}
	case m == DownsampleMean:
		meanOf(dst, src, w)
	default:
		rankOf(dst, src, w, m)
	}
}

// widen returns numbers of half precision as float32.
func widen(a *nd.Array) []float32 {
	wide := make([]float32, a.Len())
	for i, h := range nd.Values[uint16](a) {
		wide[i] = float32(nd.HalfToFloat(h))
	}
	return wide
}

// downsampleFloats is Downsample of plain slices, without strides.
func downsampleFloats(dst, src []float32, w windows, m Downsampling) {
	if m == DownsampleMean {
		meanFloats(dst, src, w)
		return
	}
	rank(dst, src, w, m)
}

// rankOf dispatches modes, minima and maxima by type.
func rankOf(dst, src *nd.Array, w windows, m Downsampling) {
	switch src.DType() {
	case nd.Bool, nd.Uint8:
		rank(nd.Values[uint8](dst), nd.Values[uint8](src), w, m)
	case nd.Uint16:
		rank(nd.Values[uint16](dst), nd.Values[uint16](src), w, m)
	case nd.Uint32:
		rank(nd.Values[uint32](dst), nd.Values[uint32](src), w, m)
	case nd.Uint64:
		rank(nd.Values[uint64](dst), nd.Values[uint64](src), w, m)
	case nd.Int8:
		rank(nd.Values[int8](dst), nd.Values[int8](src), w, m)
	case nd.Int16:
		rank(nd.Values[int16](dst), nd.Values[int16](src), w, m)
	case nd.Int32:
		rank(nd.Values[int32](dst), nd.Values[int32](src), w, m)
	case nd.Int64:
		rank(nd.Values[int64](dst), nd.Values[int64](src), w, m)
	case nd.Float32:
		rank(nd.Values[float32](dst), nd.Values[float32](src), w, m)
	case nd.Float64:
		rank(nd.Values[float64](dst), nd.Values[float64](src), w, m)
	}
}

// meanOf dispatches means by type.
func meanOf(dst, src *nd.Array, w windows) {
	switch src.DType() {
	case nd.Bool, nd.Uint8:
		meanBytes(nd.Values[uint8](dst), nd.Values[uint8](src), w)
	case nd.Uint16:
		meanInts(nd.Values[uint16](dst), nd.Values[uint16](src), w)
	case nd.Uint32:
		meanInts(nd.Values[uint32](dst), nd.Values[uint32](src), w)
	case nd.Uint64:
		meanWide(nd.Values[uint64](dst), nd.Values[uint64](src), w, 0)
	case nd.Int8:
		meanInts(nd.Values[int8](dst), nd.Values[int8](src), w)
	case nd.Int16:
		meanInts(nd.Values[int16](dst), nd.Values[int16](src), w)
	case nd.Int32:
		meanInts(nd.Values[int32](dst), nd.Values[int32](src), w)
	case nd.Int64:
		meanWide(nd.Values[int64](dst), nd.Values[int64](src), w, 1<<63)
	case nd.Float32:
		meanFloats(nd.Values[float32](dst), nd.Values[float32](src), w)
	case nd.Float64:
		meanFloats(nd.Values[float64](dst), nd.Values[float64](src), w)
	case nd.Complex64:
		meanComplex(nd.Values[complex64](dst), nd.Values[complex64](src), w)
	case nd.Complex128:
		meanComplex(nd.Values[complex128](dst), nd.Values[complex128](src), w)
	}
}
