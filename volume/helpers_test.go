package volume_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/store"
)

// tb is what tests and property tests share.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

var _ tb = (*testing.T)(nil)

// stored writes values as an array in memory.
func stored(t tb, values *nd.Array, spec zarr.Spec) *volume.Array {
	t.Helper()
	spec.Shape, spec.DType = values.Shape(), values.DType()
	a, err := zarr.CreateStore(context.Background(), store.NewMemory(), "", spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(context.Background(), make([]int, len(values.Shape())), values); err != nil {
		t.Fatal(err)
	}
	seen, err := volume.See(context.Background(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// drawShape draws shape and chunks of 0 to 4 axes.
func drawShape(t *rapid.T) (shape, chunks []int) {
	for range rapid.IntRange(0, 4).Draw(t, "axes") {
		shape = append(shape, rapid.IntRange(0, 7).Draw(t, "length"))
		chunks = append(chunks, rapid.IntRange(1, 5).Draw(t, "chunk"))
	}
	return shape, chunks
}

// drawBox draws a box that is not empty, in an array that is not.
func drawBox(t *rapid.T, shape []int) volume.Box {
	b := volume.Box{Offset: []int{}, Shape: []int{}}
	for _, n := range shape {
		at := rapid.IntRange(0, max(0, n-1)).Draw(t, "at")
		b.Offset = append(b.Offset, at)
		b.Shape = append(b.Shape, rapid.IntRange(min(1, n), n-at).Draw(t, "size"))
	}
	return b
}

// random fills an array with random bits; of wide integers half of the values are small.
func random(seed uint64, dtype nd.DType, shape []int) *nd.Array {
	r := rand.New(rand.NewPCG(seed, 1))
	a := nd.New(dtype, shape...)
	data := a.Bytes()
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	switch dtype {
	case nd.Bool:
		for i := range data {
			data[i] &= 1
		}
	case nd.Uint64:
		small(r, nd.Values[uint64](a))
	case nd.Int64:
		small(r, nd.Values[int64](a))
	case nd.Float32:
		for i, v := range nd.Values[float32](a) {
			if math.Abs(float64(v)) > 1e9 || r.IntN(4) == 0 {
				nd.Values[float32](a)[i] = float32(r.NormFloat64())
			}
		}
	case nd.Float64:
		for i := range nd.Values[float64](a) {
			if r.IntN(4) > 0 {
				nd.Values[float64](a)[i] = r.NormFloat64() + 1e6
			}
		}
	}
	return a
}

func small[T int64 | uint64](r *rand.Rand, values []T) {
	for i := range values {
		if r.IntN(2) == 0 {
			values[i] %= 5
		}
	}
}

var allTypes = nd.DTypes()

func drawLimits(t *rapid.T) volume.Limits {
	return volume.Limits{Workers: rapid.IntRange(1, 4).Draw(t, "workers"), Memory: rapid.Int64Range(1, 4000).Draw(t, "memory")}
}
