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
// CoarserShape. Axes with factor 1 stay as they are. Elements of bool in src become 0 and 1 (see nd.Bool).
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
	if src.DType() == nd.Bool {
		for i, v := range src.Bytes() {
			src.Bytes()[i] = min(v, 1)
		}
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
		means[t](dst, src, w, m)
	default:
		ranks[t](dst, src, w, m)
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

// A downsampler is Downsample of arrays of one type.
type downsampler func(dst, src *nd.Array, w windows, m Downsampling)

// ranks are modes, minima and maxima by type.
var ranks = withBool(nd.Real(ranked[int8], ranked[int16], ranked[int32], ranked[int64], ranked[uint8], ranked[uint16], ranked[uint32],
	ranked[uint64], ranked[float32], ranked[float64]))

func ranked[T nd.Element](dst, src *nd.Array, w windows, m Downsampling) {
	rank(nd.Values[T](dst), nd.Values[T](src), w, m)
}

// means are means by type.
var means = withComplex(withBool(nd.Real(meanOf(meanInts[int8]), meanOf(meanInts[int16]), meanOf(meanInts[int32]), meanOf(meanSigned),
	meanOf(meanBytes), meanOf(meanInts[uint16]), meanOf(meanInts[uint32]), meanOf(meanUnsigned), meanOf(meanFloats[float32]), meanOf(meanFloats[float64]))))

func meanOf[T nd.AnyElement](mean func(dst, src []T, w windows)) downsampler {
	return func(dst, src *nd.Array, w windows, _ Downsampling) { mean(nd.Values[T](dst), nd.Values[T](src), w) }
}

// withBool makes those of bool what those of bytes are: its elements are 0 and 1.
func withBool[F any](table nd.ByType[F]) nd.ByType[F] {
	table[nd.Bool] = table[nd.Uint8]
	return table
}

func withComplex(table nd.ByType[downsampler]) nd.ByType[downsampler] {
	table[nd.Complex64], table[nd.Complex128] = meanOf(meanComplex[complex64]), meanOf(meanComplex[complex128])
	return table
}
