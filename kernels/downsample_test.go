package kernels_test

import (
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/kernels"
	"volara/nd"
)

// TestDownsample holds what the ways of downsampling promise, by hand; tensorstore's downsample driver gives the same but
// for NaN.
func TestDownsample(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	const top = math.MaxUint64
	for _, c := range []struct {
		m         kernels.Downsampling
		src, want *nd.Array
		factor    int
	}{
		{kernels.DownsampleMean, vector[int16](1, 2, 3, 4, -1, -2, 0, 1, 0, -1, 7), vector[int16](2, 4, -2, 0, 0, 7), 2},
		{kernels.DownsampleMean, vector[uint8](1, 2, 2, 3, 5, 0), vector[uint8](2, 2, 2), 2},
		{kernels.DownsampleMean, vector[uint8](1, 1, 2, 255, 255, 254, 9), vector[uint8](1, 255, 9), 3},
		{kernels.DownsampleMean, vector[uint64](top, top, top, top-1), vector[uint64](top, top-1), 2},
		{kernels.DownsampleMean, vector[int64](math.MinInt64, math.MinInt64, math.MaxInt64, math.MinInt64, 1, 2), vector[int64](math.MinInt64, 0, 2), 2},
		{kernels.DownsampleMean, vector[float32](1, 2, inf32(), 1, 0.5), vector[float32](1.5, inf32(), 0.5), 2},
		{kernels.DownsampleMean, vector[complex64](1+2i, 3, 1i), vector[complex64](2+1i, 1i), 2},
		{kernels.DownsampleMode, vector[uint8](5, 3, 3, 5, 9, 1, 1, 9, 2, 0), vector[uint8](3, 1, 0), 4},
		{kernels.DownsampleMode, vector[uint64](top, 1, top, 7, 6, 5), vector[uint64](top, 5), 3},
		{kernels.DownsampleMode, vector(nan, 2, nan, 1, nan, 3), vector(nan, 1), 3},
		{kernels.DownsampleStride, vector[uint8](0, 1, 2, 3, 4, 5, 6, 7, 8, 9), vector[uint8](0, 4, 8), 4},
		{kernels.DownsampleMin, vector(3, -inf, 2, nan, 5), vector(-inf, nan, 5), 2},
		{kernels.DownsampleMax, vector(3, -inf, nan, 2, 5), vector(3, nan, 5), 2},
		{kernels.DownsampleMax, vector[int8](-3, -4, 5), vector[int8](-3, 5), 2},
	} {
		got := nd.New(c.src.DType(), c.want.Shape()...)
		kernels.Downsample(got, c.src, []int{c.factor}, c.m)
		if text(got) != text(c.want) {
			t.Errorf("%s of %s by %d: %s, want %s", c.m, text(c.src), c.factor, text(got), text(c.want))
		}
	}
}

func inf32() float32 { return float32(math.Inf(1)) }

func vector[T nd.AnyElement](values ...T) *nd.Array { return nd.From(values, len(values)) }

func text(a *nd.Array) string {
	var list []any
	for i := range a.Len() {
		list = append(list, valueAt(a, i))
	}
	return fmt.Sprint(a.DType(), list)
}

// valueAt returns an element; halves and the parts of complex numbers as float64.
func valueAt(a *nd.Array, i int) any {
	switch a.DType() {
	case nd.Bool, nd.Uint8:
		return nd.Values[uint8](a)[i]
	case nd.Uint16:
		return nd.Values[uint16](a)[i]
	case nd.Uint32:
		return nd.Values[uint32](a)[i]
	case nd.Uint64:
		return nd.Values[uint64](a)[i]
	case nd.Int8:
		return nd.Values[int8](a)[i]
	case nd.Int16:
		return nd.Values[int16](a)[i]
	case nd.Int32:
		return nd.Values[int32](a)[i]
	case nd.Int64:
		return nd.Values[int64](a)[i]
	case nd.Float16:
		return nd.HalfToFloat(nd.Values[uint16](a)[i])
	case nd.Float32:
		return float64(nd.Values[float32](a)[i])
	case nd.Float64:
		return nd.Values[float64](a)[i]
	case nd.Complex64:
		return complex128(nd.Values[complex64](a)[i])
	}
	return nd.Values[complex128](a)[i]
}

// TestDownsampleSlowly compares every way, type, shape and factor with windows that are looked at one by one. Values are
// whole numbers, so that sums are exact.
func TestDownsampleSlowly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dtype := rapid.SampledFrom(nd.DTypes()).Draw(t, "type")
		m := rapid.SampledFrom(kernels.Downsamplings()).Draw(t, "method")
		var shape, factor []int
		for range rapid.IntRange(0, 4).Draw(t, "axes") {
			shape = append(shape, rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 21}).Draw(t, "length"))
			factor = append(factor, rapid.SampledFrom([]int{1, 2, 2, 2, 3, 5, 40}).Draw(t, "factor"))
		}
		if !m.Takes(dtype) {
			t.Skip("complex numbers have no order")
		}
		src := randomVoxels(rapid.Uint64().Draw(t, "seed"), dtype, shape, rapid.SampledFrom([]uint64{2, 3, 1 << 10, 0}).Draw(t, "values"))
		dst := nd.New(dtype, kernels.CoarserShape(shape, factor)...)
		kernels.Downsample(dst, src, factor, m)
		for i := range dst.Len() {
			window := windowOf(src, factor, i)
			if got, want := valueAt(dst, i), slowly(window, m); !same(got, want, dtype) {
				t.Fatalf("%s of %v, %v by %v: voxel %d, of %v, is %v, want %v", m, dtype, shape, factor, i, window, got, want)
			}
		}
	})
}

// randomVoxels returns whole numbers below a bound, 0 for any that the type has.
func randomVoxels(seed uint64, dtype nd.DType, shape []int, below uint64) *nd.Array {
	r := rand.New(rand.NewPCG(seed, 3))
	a := nd.New(dtype, shape...)
	for i := range a.Len() {
		v := r.Uint64()
		if below != 0 {
			v %= below
		}
		switch small := int64(v%2048) - 1024; dtype {
		case nd.Bool:
			nd.Values[uint8](a)[i] = uint8(v & 1)
		case nd.Float16:
			nd.Values[uint16](a)[i] = nd.FloatToHalf(float64(small))
		case nd.Float32:
			nd.Values[float32](a)[i] = float32(small)
		case nd.Float64:
			nd.Values[float64](a)[i] = float64(small)
		case nd.Complex64:
			nd.Values[complex64](a)[i] = complex(float32(small), float32(v%7))
		case nd.Complex128:
			nd.Values[complex128](a)[i] = complex(float64(small), float64(v%7))
		default:
			for b := range dtype.Size() {
				a.Bytes()[i*dtype.Size()+b] = byte(v >> (8 * b))
			}
		}
	}
	return a
}

// windowOf returns the values that voxel i of the coarse array covers.
func windowOf(src *nd.Array, factor []int, i int) []any {
	coarse := kernels.CoarserShape(src.Shape(), factor)
	index := make([]int, len(coarse))
	for d := len(coarse) - 1; d >= 0; d-- {
		index[d], i = i%coarse[d], i/coarse[d]
	}
	window := []int{0}
	for d, f := range factor {
		var deeper []int
		for _, w := range window {
			for k := index[d] * f; k < min((index[d]+1)*f, src.Shape()[d]); k++ {
				deeper = append(deeper, w*src.Shape()[d]+k)
			}
		}
		window = deeper
	}
	values := make([]any, len(window))
	for k, w := range window {
		values[k] = valueAt(src, w)
	}
	return values
}

// slowly makes one voxel of a window.
func slowly(window []any, m kernels.Downsampling) any {
	switch m {
	case kernels.DownsampleStride:
		return window[0]
	case kernels.DownsampleMean:
		return slowMean(window)
	}
	count, sorted := map[any]int{}, slices.Clone(window)
	for _, v := range window {
		count[v]++
	}
	slices.SortFunc(sorted, func(a, b any) int { return exactly(a).Cmp(exactly(b)) })
	switch m {
	case kernels.DownsampleMin:
		return sorted[0]
	case kernels.DownsampleMax:
		return sorted[len(sorted)-1]
	}
	best := sorted[0]
	for _, v := range sorted {
		if count[v] > count[best] {
			best = v
		}
	}
	return best
}

func exactly(v any) *big.Rat {
	if f, ok := v.(float64); ok {
		return new(big.Rat).SetFloat64(f)
	}
	r, _ := new(big.Rat).SetString(fmt.Sprint(v))
	return r
}

func slowMean(window []any) any {
	switch window[0].(type) {
	case complex128:
		var sum complex128
		for _, v := range window {
			sum += v.(complex128)
		}
		n := float64(len(window))
		return complex(real(sum)/n, imag(sum)/n)
	case float64:
		sum := 0.0
		for _, v := range window {
			sum += v.(float64)
		}
		return sum / float64(len(window))
	}
	sum := new(big.Rat)
	for _, v := range window {
		sum.Add(sum, exactly(v))
	}
	sum.Quo(sum, big.NewRat(int64(len(window)), 1))
	floor := new(big.Int).Div(sum.Num(), sum.Denom()) // Euclidean, of a positive divisor
	rest := new(big.Rat).Sub(sum, new(big.Rat).SetInt(floor))
	if c := rest.Cmp(big.NewRat(1, 2)); c > 0 || c == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// same compares up to the precision of the type.
func same(got, want any, dtype nd.DType) bool {
	ulp := map[nd.DType]float64{nd.Float16: 1.0 / (1 << 11), nd.Float32: 1.0 / (1 << 24), nd.Complex64: 1.0 / (1 << 23)}[dtype]
	switch w := want.(type) {
	case float64:
		return math.Abs(got.(float64)-w) <= ulp*math.Abs(w)
	case complex128:
		return cmplx.Abs(got.(complex128)-w) <= ulp*cmplx.Abs(w)
	}
	return fmt.Sprint(got) == fmt.Sprint(want)
}

// TestDownsampleRefuses panics where arrays do not fit.
func TestDownsampleRefuses(t *testing.T) {
	for name, f := range map[string]func(){
		"shape":  func() { kernels.Downsample(nd.New(nd.Uint8, 2), nd.New(nd.Uint8, 5), []int{2}, kernels.DownsampleMean) },
		"type":   func() { kernels.Downsample(nd.New(nd.Uint8, 2), nd.New(nd.Int8, 4), []int{2}, kernels.DownsampleMean) },
		"factor": func() { kernels.Downsample(nd.New(nd.Uint8, 4), nd.New(nd.Uint8, 4), []int{0}, kernels.DownsampleMean) },
		"method": func() { kernels.Downsample(nd.New(nd.Uint8, 2), nd.New(nd.Uint8, 4), []int{2}, "median") },
		"complex": func() {
			kernels.Downsample(nd.New(nd.Complex64, 2), nd.New(nd.Complex64, 4), []int{2}, kernels.DownsampleMode)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a wrong %s is taken", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkDownsample(b *testing.B) {
	for _, m := range []kernels.Downsampling{kernels.DownsampleMean, kernels.DownsampleMode} {
		for _, dtype := range []nd.DType{nd.Uint8, nd.Uint16, nd.Float32, nd.Uint64} {
			b.Run(fmt.Sprintf("%s/%v", m, dtype), func(b *testing.B) {
				src := nd.New(dtype, 128, 128, 128)
				if m == kernels.DownsampleMean {
					src = randomVoxels(1, dtype, []int{128, 128, 128}, 0)
				}
				dst := nd.New(dtype, 64, 64, 64)
				b.SetBytes(int64(len(src.Bytes())))
				for b.Loop() {
					kernels.Downsample(dst, src, []int{2, 2, 2}, m)
				}
			})
		}
	}
}

// TestFiniteRange leaves out what is not finite.
func TestFiniteRange(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		a    *nd.Array
		want string
	}{
		{vector[uint8](9, 3, 250, 7, 1), "3 250 true"},
		{vector[int64](9, -3, 5, 2, -100), "-3 5 true"},
		{vector(9, nan, -inf, 2.5, 1), "2.5 2.5 true"},
		{vector(9, nan, -inf, inf, 1), "0 0 false"},
		{nd.View(nd.Float16, vector(nd.FloatToHalf(9), nd.FloatToHalf(-2), nd.FloatToHalf(inf), nd.FloatToHalf(1), 0).Bytes(), 5), "-2 1 true"},
		{nd.View(nd.Bool, []byte{0, 1, 1, 1, 0}, 5), "1 1 true"},
	} {
		least, greatest, ok := kernels.FiniteRange(c.a, 1, 4)
		if got := fmt.Sprint(least, greatest, ok); got != c.want {
			t.Errorf("%s: %s, want %s", text(c.a), got, c.want)
		}
	}
}
