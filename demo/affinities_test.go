package demo

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/nd"
)

// truth is the affinity of a pair by its definition; inside is false for a pair that leaves the volume.
func truth(labels *nd.Array, at, by []int) (value float64, inside bool) {
	a, b := 0, 0
	for d, n := range labels.Shape() {
		other := at[d] + by[d]
		if other < 0 || other >= n {
			return 0, false
		}
		a, b = a*n+at[d], b*n+other
	}
	l := nd.Values[uint32](labels)
	if l[a] != 0 && l[a] == l[b] {
		return 1, true
	}
	return 0, true
}

// blurredTruth sums the truth over a neighbourhood, the nearest inner pair standing for one outside.
func blurredTruth(labels *nd.Array, at, by []int, sigma float64) float64 {
	if _, inside := truth(labels, at, by); !inside {
		return 0
	}
	reach := int(math.Ceil(3 * sigma))
	var visit func(d int, near []int) (sum, weight float64)
	visit = func(d int, near []int) (sum, weight float64) {
		if d == len(at) {
			v, _ := truth(labels, near, by)
			return v, 1
		}
		lo, hi := max(0, -by[d]), labels.Shape()[d]-max(0, by[d])-1
		for k := -reach; k <= reach; k++ {
			w := 1.0
			if sigma > 0 {
				w = math.Exp(-float64(k*k) / (2 * sigma * sigma))
			}
			s, v := visit(d+1, append(slices.Clone(near), min(max(at[d]+k, lo), hi)))
			sum, weight = sum+w*s, weight+w*v
		}
		return sum, weight
	}
	sum, weight := visit(0, nil)
	return sum / weight
}

func TestAffinitiesByHand(t *testing.T) {
	labels := nd.From([]uint32{1, 1, 2, 0, 0, 3, 3}, 7)
	got := Affinities(labels, AffinityOptions{Offsets: []geometry.Coordinate{{1}, {-1}, {2}, {9}}})
	want := []uint8{
		255, 0, 0, 0, 0, 255, 0,
		0, 255, 0, 0, 0, 0, 255,
		0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0,
	}
	if !slices.Equal(nd.Values[uint8](got), want) {
		t.Errorf("got %v, want %v", nd.Values[uint8](got), want)
	}
}

func TestAffinitiesAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "dims")
		shape := rapid.SliceOfN(rapid.IntRange(1, []int{40, 12, 7}[n-1]), n, n).Draw(t, "shape")
		if n == 3 && rapid.Bool().Draw(t, "deep") {
			shape[0] += slabDepth - 3 // slabs end near the last plane
		}
		values := rapid.SliceOfN(rapid.Uint32Range(0, 3), nd.Len(shape), nd.Len(shape)).Draw(t, "labels")
		labels := nd.From(values, shape...)
		o := AffinityOptions{Blur: rapid.SampledFrom([]float64{0, 0.4, 0.9}).Draw(t, "blur")}
		for range rapid.IntRange(1, 3).Draw(t, "channels") {
			o.Offsets = append(o.Offsets, rapid.SliceOfN(rapid.IntRange(-3, 3), n, n).Draw(t, "offset"))
		}
		got := Affinities(labels, o)
		exact := AffinitiesFloat32(labels, o)
		for c, by := range o.Offsets {
			for i := range values {
				at, rest := make([]int, n), i
				for d := n - 1; d >= 0; d-- {
					at[d], rest = rest%shape[d], rest/shape[d]
				}
				want := blurredTruth(labels, at, by, o.Blur)
				if v := nd.Values[float32](exact.Sub(c))[i]; math.Abs(float64(v)-want) > 1e-5 {
					t.Fatalf("offset %v voxel %v: %v, want %v", by, at, v, want)
				}
				if v := nd.Values[uint8](got.Sub(c))[i]; math.Abs(float64(v)-255*want) > 0.51 {
					t.Fatalf("offset %v voxel %v: %v, want %v", by, at, v, 255*want)
				}
			}
		}
	})
}

func TestAffinitiesNoise(t *testing.T) {
	labels := nd.New(nd.Uint32, 20, 50, 50) // all 0: every affinity is noise
	o := AffinityOptions{Offsets: []geometry.Coordinate{{1, 0, 0}, {0, 0, 5}}, Noise: 0.05, Seed: 4}
	a := newAffinities(labels, o)
	var sum, square, n float64
	values := make([]float32, 20*50*50)
	a.slab(values, 1, 0, 20)
	for _, v := range values {
		if v != 0 {
			sum, square, n = sum+float64(v), square+float64(v)*float64(v), n+1
		}
	}
	if mean, sigma := sum/n, math.Sqrt(square/n); math.Abs(mean) > 0.001 || math.Abs(sigma-0.05) > 0.001 || n < 44_900 {
		t.Errorf("noise of %v pairs has mean %v and σ %v, want 45000, 0 and 0.05", n, mean, sigma)
	}
	first := Affinities(labels, o)
	if !slices.Equal(first.Bytes(), Affinities(labels, o).Bytes()) {
		t.Error("the same seed gives other noise")
	}
	o.Seed++
	if slices.Equal(first.Bytes(), Affinities(labels, o).Bytes()) {
		t.Error("another seed gives the same noise")
	}
}

func TestDefaultAffinities(t *testing.T) {
	o := DefaultAffinities(nanometres, 1)
	want := []geometry.Coordinate{
		{1, 0, 0}, {0, 1, 0}, {0, 0, 1},
		{2, 0, 0}, {0, 5, 0}, {0, 0, 5},
		{4, 0, 0}, {0, 10, 0}, {0, 0, 10},
	}
	if !slices.EqualFunc(o.Offsets, want, geometry.Coordinate.Equal) {
		t.Errorf("offsets %v, want %v", o.Offsets, want)
	}
}

func TestTieFree(t *testing.T) {
	labels := mustLabels(t, 2, 12, 30, 30)
	for name, c := range map[string]struct{ noise, most float64 }{
		"noisy":            {0.1, 1e-5},
		"nothing but ties": {0, 0.03},
	} {
		o := DefaultAffinities(nanometres, 3)
		o.Noise = c.noise
		affs := AffinitiesFloat32(labels, o)
		before := slices.Clone(nd.Values[float32](affs))
		bias := []float64{-0.4, -0.4, -0.4, -0.7, -0.7, -0.7, -0.7, -0.7, -0.7}
		if err := TieFree(affs, o.Offsets, bias); err != nil {
			t.Fatal(name, err)
		}
		single, double, pairs := map[float32]bool{}, map[float64]bool{}, 0
		for ch, by := range o.Offsets {
			for i, v := range nd.Values[float32](affs.Sub(ch)) {
				at := []int{i / 900, i / 30 % 30, i % 30}
				if _, inside := truth(labels, at, by); !inside {
					if v != 0 {
						t.Fatalf("%s: %v at %v leaves the volume, has %v", name, by, at, v)
					}
					continue
				}
				if v < 0 || v > 1 || math.Abs(float64(v-before[ch*12*900+i])) > c.most {
					t.Fatalf("%s: %v became %v", name, before[ch*12*900+i], v)
				}
				single[abs(v+float32(bias[ch]))], double[math.Abs(float64(v)+bias[ch])] = true, true
				pairs++
			}
		}
		if len(single) != pairs || len(double) != pairs {
			t.Errorf("%s: %d pairs have %d float32 and %d float64 strengths", name, pairs, len(single), len(double))
		}
	}
}

func BenchmarkAffinities(b *testing.B) {
	labels := mustLabels(b, 1, 64, 128, 128)
	o := DefaultAffinities(nanometres, 1)
	b.SetBytes(int64(len(o.Offsets) * labels.Len()))
	for b.Loop() {
		Affinities(labels, o)
	}
}
