package volume_test

import (
	"context"
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
)

// asFloats returns values as exact fractions, nil for what is not finite, and as floats.
func asFloats(a *nd.Array) (exact []*big.Rat, floats []float64) {
	add := func(r *big.Rat, f float64) { exact, floats = append(exact, r), append(floats, f) }
	integer := func(i int64) { add(new(big.Rat).SetInt64(i), float64(i)) }
	switch a.DType() {
	case nd.Int8:
		for _, v := range nd.Values[int8](a) {
			integer(int64(v))
		}
	case nd.Int16:
		for _, v := range nd.Values[int16](a) {
			integer(int64(v))
		}
	case nd.Int32:
		for _, v := range nd.Values[int32](a) {
			integer(int64(v))
		}
	case nd.Int64:
		for _, v := range nd.Values[int64](a) {
			integer(v)
		}
	case nd.Bool, nd.Uint8:
		for _, v := range a.Bytes() {
			integer(int64(v))
		}
	case nd.Uint16:
		for _, v := range nd.Values[uint16](a) {
			integer(int64(v))
		}
	case nd.Uint32:
		for _, v := range nd.Values[uint32](a) {
			integer(int64(v))
		}
	case nd.Uint64:
		for _, v := range nd.Values[uint64](a) {
			add(new(big.Rat).SetUint64(v), float64(v))
		}
	case nd.Float32:
		for _, v := range nd.Values[float32](a) {
			add(new(big.Rat).SetFloat64(float64(v)), float64(v))
		}
	case nd.Float64:
		for _, v := range nd.Values[float64](a) {
			add(new(big.Rat).SetFloat64(v), v)
		}
	}
	return exact, floats
}

// expect computes the moments one voxel at a time.
func expect(a *nd.Array) (zeros, nan, infinite int64, mean, std float64, values map[string]bool) {
	exact, floats := asFloats(a)
	sum, n := new(big.Rat), 0
	values = map[string]bool{}
	for i, v := range floats {
		switch {
		case v != v:
			nan++
		case math.IsInf(v, 0):
			infinite++
		default:
			values[exact[i].String()] = true
			sum.Add(sum, exact[i])
			n++
		}
		if v == 0 {
			zeros++
		}
	}
	if n == 0 {
		return zeros, nan, infinite, math.NaN(), math.NaN(), values
	}
	count := new(big.Rat).SetInt64(int64(n))
	middle := new(big.Rat).Quo(sum, count)
	spread := new(big.Rat)
	for i, v := range floats {
		if v-v == 0 {
			d := new(big.Rat).Sub(exact[i], middle)
			spread.Add(spread, d.Mul(d, d))
		}
	}
	mean, _ = middle.Float64()
	variance, _ := spread.Quo(spread, count).Float64()
	return zeros, nan, infinite, mean, math.Sqrt(variance), values
}

func near(a, b, scale float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(b), scale)
}

func TestStatsAgainstOneVoxelAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, chunks := drawShape(t)
		dtype := rapid.SampledFrom([]nd.DType{nd.Bool, nd.Int8, nd.Int16, nd.Int32, nd.Int64, nd.Uint8, nd.Uint16, nd.Uint32, nd.Uint64,
			nd.Float32, nd.Float64}).Draw(t, "type")
		values := random(rapid.Uint64().Draw(t, "seed"), dtype, shape)
		a, b := stored(t, values, zarr.Spec{Chunks: chunks}), drawBox(t, shape)
		o := volume.StatsOptions{Limits: drawLimits(t), Bins: rapid.IntRange(0, 9).Draw(t, "bins"), Distinct: true}
		s, err := volume.Measure(context.Background(), a, b, o)
		if err != nil {
			t.Fatal(err)
		}
		inside := values.Crop(b.Offset, b.Shape)
		zeros, nan, infinite, mean, std, distinct := expect(inside)
		if s.Voxels != int64(b.Len()) || s.Zeros != zeros || s.NaN != nan || s.Infinite != infinite {
			t.Fatalf("%+v, want zeros %d, nan %d, infinite %d", s.Moments, zeros, nan, infinite)
		}
		if dtype.IsInteger() && (s.Distinct == nil || *s.Distinct != int64(len(distinct))) {
			t.Fatalf("%v distinct, want %d", s.Distinct, len(distinct))
		}
		if math.IsNaN(mean) {
			if s.Mean != nil || s.Std != nil {
				t.Fatalf("mean %v of nothing", *s.Mean)
			}
			return
		}
		scale := 0.0
		if dtype.IsFloat() {
			_, floats := asFloats(inside)
			for _, v := range floats {
				if v-v == 0 {
					scale = max(scale, math.Abs(v))
				}
			}
		}
		if scale < 1e150 && (!near(*s.Mean, mean, scale) || !near(*s.Std, std, scale)) {
			t.Fatalf("mean %v, std %v, want %v, %v", *s.Mean, *s.Std, mean, std)
		}
		checkRange(t, s, inside)
		checkHistogram(t, s, inside, o.Bins)
	})
}

func checkRange(t *rapid.T, s volume.Stats, a *nd.Array) {
	exact, floats := asFloats(a)
	var lo, hi *big.Rat
	for i, v := range floats {
		if v-v != 0 {
			return // checked by hand below
		}
		if lo == nil || exact[i].Cmp(lo) < 0 {
			lo = exact[i]
		}
		if hi == nil || exact[i].Cmp(hi) > 0 {
			hi = exact[i]
		}
	}
	parse := func(v *volume.Value) *big.Rat {
		r, ok := new(big.Rat).SetString(string(*v))
		if !ok {
			t.Fatalf("%s is no number", *v)
		}
		if a.DType() == nd.Float32 {
			f, _ := r.Float32()
			r.SetFloat64(float64(f))
		} else if a.DType() == nd.Float64 {
			f, _ := r.Float64()
			r.SetFloat64(f)
		}
		return r
	}
	if parse(s.Min).Cmp(lo) != 0 || parse(s.Max).Cmp(hi) != 0 {
		t.Fatalf("from %s to %s, want %v to %v", *s.Min, *s.Max, lo, hi)
	}
}

// checkHistogram counts again by the edges that are given.
func checkHistogram(t *rapid.T, s volume.Stats, a *nd.Array, bins int) {
	if bins == 0 {
		if s.Histogram != nil {
			t.Fatal("a histogram that nobody wants")
		}
		return
	}
	h := s.Histogram
	if len(h.Edges) != len(h.Counts)+1 || len(h.Counts) > bins {
		t.Fatalf("%d edges of %d bins, want %d", len(h.Edges), len(h.Counts), bins)
	}
	edges := make([]*big.Rat, len(h.Edges))
	for i, e := range h.Edges {
		edges[i], _ = new(big.Rat).SetString(string(e))
		if a.DType().IsFloat() {
			edges[i].SetFloat64(e.Float())
		}
	}
	want := make([]int64, len(h.Counts))
	exact, floats := asFloats(a)
	outside := int64(0)
	for i, v := range floats {
		if math.IsInf(v, 0) {
			outside++
		}
		if v-v != 0 {
			continue
		}
		for k := range want {
			last := a.DType().IsFloat() && k == len(want)-1 && exact[i].Cmp(edges[k+1]) == 0
			if exact[i].Cmp(edges[k]) >= 0 && (exact[i].Cmp(edges[k+1]) < 0 || last) {
				want[k]++
				break
			}
		}
	}
	for k := range want {
		if want[k] != h.Counts[k] {
			t.Fatalf("edges %v: %v, want %v", h.Edges, h.Counts, want)
		}
	}
	if h.Outside != outside {
		t.Fatalf("%d outside, want %d: %v in %v", h.Outside, outside, floats, h.Edges)
	}
}

func TestStatsByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	a := stored(t, nd.From([]float64{nan, -1, 0, 3, inf, math.Copysign(0, -1)}, 2, 3), zarr.Spec{Chunks: []int{1, 2},
		Attributes: map[string]any{"axis_names": []string{"c^", "x"}}})
	s, err := volume.Measure(context.Background(), a, volume.Whole([]int{2, 3}), volume.StatsOptions{Limits: volume.Limits{Workers: 2, Memory: 100}, Bins: 4})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(s)
	var m map[string]any
	if err := json.Unmarshal(got, &m); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"min": -1.0, "max": "Infinity", "mean": 0.5, "voxels": 6.0, "nan": 1.0, "infinite": 1.0, "zeros": 2.0, "distinct": nil} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	if len(s.Channels) != 2 || *s.Channels[0].Mean != -0.5 || *s.Channels[1].Mean != 1.5 || s.Histogram.Outside != 1 {
		t.Errorf("%s", got)
	}
}

func TestHalfFloats(t *testing.T) {
	a := stored(t, nd.New(nd.Float16, 6), zarr.Spec{Chunks: []int{4}, Fill: zarr.Fill{0x7e00}})
	bits := nd.New(nd.Float16, 5)
	copy(nd.Values[uint16](bits), []uint16{0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000}) // 1, −2, 2⁻²⁴, 65504, −0
	if err := a.Stored.Write(context.Background(), []int{1}, bits); err != nil {
		t.Fatal(err)
	}
	s, err := volume.Measure(context.Background(), a, volume.Whole([]int{6}), volume.StatsOptions{Limits: volume.Limits{Workers: 1, Memory: 100}})
	if err != nil || *s.Min != "-2" || *s.Max != "65504" || s.Zeros != 2 || *s.Mean != (1-2+0x1p-24+65504)/6 {
		t.Errorf("%+v %v", s.Moments, err)
	}
}

func TestStatsOfMagnitudes(t *testing.T) {
	a := stored(t, nd.From([]complex64{3 + 4i, 0, complex(float32(math.NaN()), 1)}, 3), zarr.Spec{Chunks: []int{2}})
	s, err := volume.Measure(context.Background(), a, volume.Whole([]int{3}), volume.StatsOptions{Limits: volume.Limits{Workers: 2, Memory: 100}, Bins: 2})
	if err != nil || s.Of != "magnitude" || *s.Max != "5" || *s.Mean != 2.5 || s.NaN != 1 || s.Zeros != 1 || s.Histogram.Counts[1] != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestDistinctSpills(t *testing.T) {
	const n = 5000
	values := make([]uint64, 2*n)
	for i := range values {
		values[i] = uint64(i%n) * 0x9e3779b97f4a7c15
	}
	a := stored(t, nd.From(values, 2*n), zarr.Spec{Chunks: []int{100}})
	o := volume.StatsOptions{Limits: volume.Limits{Workers: 3, Memory: 4096}, Distinct: true, TempDir: t.TempDir()}
	s, err := volume.Measure(context.Background(), a, volume.Whole([]int{2 * n}), o)
	if err != nil || *s.Distinct != n || s.Spilled == 0 {
		t.Errorf("%v, %d bytes spilled: %v", s.Distinct, s.Spilled, err)
	}
	o.TempDir = "/nowhere/at/all"
	if _, err := volume.Measure(context.Background(), a, volume.Whole([]int{2 * n}), o); err == nil {
		t.Error("a folder that is not there takes files")
	}
}

func TestHistogramOfAllIntegers(t *testing.T) {
	for _, dtype := range []nd.DType{nd.Uint64, nd.Int64} {
		data := nd.New(dtype, 4)
		if dtype == nd.Uint64 {
			copy(nd.Values[uint64](data), []uint64{0, 1, math.MaxUint64 / 2, math.MaxUint64})
		} else {
			copy(nd.Values[int64](data), []int64{math.MinInt64, math.MinInt64 + 1, -1, math.MaxInt64})
		}
		a := stored(t, data, zarr.Spec{Chunks: []int{2}})
		s, err := volume.Measure(context.Background(), a, volume.Whole([]int{4}), volume.StatsOptions{Limits: volume.Limits{Workers: 1, Memory: 1000}, Bins: 2})
		if err != nil || len(s.Histogram.Counts) != 2 || s.Histogram.Counts[0] != 3 || s.Histogram.Counts[1] != 1 {
			t.Errorf("%v: %+v %v", dtype, s.Histogram, err)
		}
	}
}

// TestTalliesCount takes statistics of many channels: one by one where they lie one behind the other, and else as many as the
// memory allows.
func TestTalliesCount(t *testing.T) {
	names := map[bool][]string{true: {"c^", "y"}, false: {"y", "c^"}}
	for _, c := range []struct {
		dtype  nd.DType
		behind bool
		memory int64
		ok     bool
	}{
		{nd.Uint16, true, 1 << 20, true}, {nd.Uint16, false, 1 << 20, false}, {nd.Uint16, false, 1 << 28, true}, {nd.Uint8, false, 1 << 20, true}, {nd.Uint64, false, 1 << 20, true},
	} {
		shape := []int{200, 3}
		if !c.behind {
			shape = []int{3, 200}
		}
		values := random(5, c.dtype, shape)
		a := stored(t, values, zarr.Spec{Chunks: shape, Attributes: map[string]any{"axis_names": names[c.behind]}})
		s, err := volume.Measure(context.Background(), a, volume.Whole(shape), volume.StatsOptions{Limits: volume.Limits{Workers: 2, Memory: c.memory}})
		if c.ok != (err == nil) || err != nil && (!volume.IsInput(err) || !strings.Contains(err.Error(), "200 channels of uint16 takes 10")) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil && (len(s.Channels) != 200 || s.Channels[199].Voxels != 3 || s.Voxels != 600) {
			t.Errorf("%+v: %d channels of %+v", c, len(s.Channels), s.Moments)
		}
	}
}
