package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"volara/nd"
)

// componentsReference floods from every voxel that has no number yet.
func componentsReference(labels []uint64, shape []int) []uint64 {
	out, n := make([]uint64, len(labels)), uint64(0)
	var steps [][]int
	cube := make([]int, len(shape))
	for d := range cube {
		cube[d] = 3
	}
	for k := range nd.Len(cube) {
		step := unravel(k, cube)
		for d := range step {
			step[d]--
		}
		steps = append(steps, step)
	}
	for i := range labels {
		if labels[i] == 0 || out[i] != 0 {
			continue
		}
		n++
		out[i] = n
		for stack := []int{i}; len(stack) > 0; {
			p := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, step := range steps {
				if q, ok := neighbour(p, step, shape); ok && labels[q] == labels[p] && out[q] == 0 {
					out[q] = n
					stack = append(stack, q)
				}
			}
		}
	}
	return out
}

func TestComponentsMatchesReference(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		shape := make([]int, 1+r.IntN(5))
		for d := range shape {
			shape[d] = 1 + r.IntN([]int{60, 14, 7, 5, 4}[len(shape)-1])
		}
		labels := blobs(r, nd.Len(shape), 2+seed%5)
		want := componentsReference(labels, shape)
		got := make([]uint64, len(labels))
		if n := Components(got, labels, shape); !slices.Equal(got, want) || uint64(n) != slices.Max(want) {
			t.Fatalf("seed %d, shape %v, labels %v: got %d\n%v\nwant %v", seed, shape, labels, n, got, want)
		}
		Components(labels, labels, shape)
		if !slices.Equal(labels, want) {
			t.Fatalf("seed %d: in place differs", seed)
		}
	}
}

func TestRegions(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		shape := make([]int, 1+r.IntN(5))
		for d := range shape {
			shape[d] = 1 + r.IntN(6)
		}
		labels := blobs(r, nd.Len(shape), 6)
		got := Regions(labels, shape, 6)
		want := newRegions(shape, 6)
		for i, label := range labels {
			if label == 0 {
				continue
			}
			w := &want[label-1]
			w.Size++
			for d, x := range unravel(i, shape) {
				w.Sum[d] += int64(x)
				w.Min[d], w.Max[d] = min(w.Min[d], x), max(w.Max[d], x)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d, shape %v, labels %v:\n got %v\nwant %v", seed, shape, labels, got, want)
		}
	}
}

func TestMeanPerLabelAndRemove(t *testing.T) {
	labels := []uint64{0, 1, 1, 3}
	affs := []uint8{0, 255, 0, 51, 9, 9, 9, 9, 255, 255, 0, 51}
	got := MeanPerLabel(labels, 3, affs, []int{0, 2})
	if got[0] != 0.5 || got[1] != 0.5 || !math.IsNaN(got[2]) || got[3] != 0.2 {
		t.Errorf("got %v", got)
	}
	if got := MeanPerLabel(labels, 3, []float32{1, 2, 4, 8}, []int{0}); got[1] != 3 || got[3] != 8 {
		t.Errorf("got %v", got)
	}
	Remove(labels, []bool{true, true, false, false})
	if !slices.Equal(labels, []uint64{0, 0, 0, 3}) {
		t.Errorf("left %v", labels)
	}
}

func TestLookup(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, size := range []int{0, 1, 2, 3, 1000} {
		want := map[uint64]uint64{}
		var from, to []uint64
		for range size {
			f, v := r.Uint64()>>r.IntN(64), r.Uint64()
			from, to = append(from, f), append(to, v)
			want[f] = v
		}
		l := NewLookup(from, to)
		src := append([]uint64{0, 1, 2, 3, math.MaxUint64}, from...)
		src = append(src, from...)
		dst := make([]uint64, len(src))
		l.Apply(dst, src)
		for i, id := range src {
			w, ok := want[id]
			if !ok {
				w = id
			}
			if dst[i] != w || l.At(id) != w {
				t.Fatalf("size %d: %d becomes %d and %d, want %d", size, id, dst[i], l.At(id), w)
			}
		}
		l.Apply(src, src)
		if !slices.Equal(src, dst) {
			t.Errorf("size %d: in place differs", size)
		}
	}
}

func TestClusterSignedGraph(t *testing.T) {
	edges := []SignedEdge{{4, 3, 0.9}, {1, 2, -0.8}, {0, 1, 0.7}, {0, 2, 0.6}, {2, 3, 0.5}, {5, 6, 0}, {5, 6, -0.1}, {1, 4, 0.1}}
	for _, c := range []struct {
		joined [][2]int32
		want   []int32
	}{
		{nil, []int32{0, 0, 2, 2, 2, 5, 6}},
		{[][2]int32{{2, 1}, {6, 5}}, []int32{0, 0, 0, 0, 0, 5, 5}},
	} {
		if got := ClusterSignedGraph(7, edges, c.joined); !slices.Equal(got, c.want) {
			t.Errorf("joined %v: got %v, want %v", c.joined, got, c.want)
		}
	}
}

func TestContingencyByHand(t *testing.T) {
	gt := []uint64{1, 1, 1, 1, 2, 2, 2, 2, 0, 0}
	for _, c := range []struct {
		name               string
		seg                []uint64
		split, merge, rand float64
	}{
		{"the same, renamed", []uint64{5, 5, 5, 5, 0, 0, 0, 0, 5, 1}, 0, 0, 0},
		{"each split in two", []uint64{1, 1, 2, 2, 3, 3, 4, 4, 1, 1}, 1, 0, 1 - 2*8.0/(24+8)},
		{"all merged", []uint64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 1, 1 - 2*24.0/(24+56)},
	} {
		halves := NewContingency()
		halves.Add(c.seg[:3], gt[:3])
		rest := NewContingency()
		rest.Add(c.seg[3:], gt[3:])
		halves.Absorb(rest)
		if s, m, e := halves.Split(), halves.Merge(), halves.AdaptedRandError(); s != c.split || m != c.merge || math.Abs(e-c.rand) > 1e-15 || halves.Voxels() != 8 {
			t.Errorf("%s: split %v, merge %v, adapted Rand error %v", c.name, s, m, e)
		}
	}
	empty := NewContingency()
	if empty.Split() != 0 || empty.Merge() != 0 || empty.AdaptedRandError() != 0 {
		t.Error("an empty table is not 0")
	}
}

func TestValues(t *testing.T) {
	if i := FirstNotFinite([]float32{0, 1, float32(math.NaN())}); i != 2 {
		t.Errorf("the first NaN is at %d", i)
	}
	if i := FirstNotFinite([]float64{0, math.Inf(-1), math.NaN()}); i != 1 {
		t.Errorf("the first infinity is at %d", i)
	}
	if i := FirstNotFinite([]float64{1}); i != -1 {
		t.Errorf("1 is not finite, at %d", i)
	}
	f := make([]float64, 2)
	if Scale255(f, []uint8{51, 255}); f[0] != 51.0/255 || f[1] != 1 {
		t.Errorf("scaled to %v", f)
	}
	affs := []uint8{1, 2, 3, 4}
	if ApplyMask(affs, 2, []uint8{0, 7}); !slices.Equal(affs, []uint8{0, 2, 0, 4}) {
		t.Errorf("masked to %v", affs)
	}
	if ApplyMask(affs, 2, []bool{true, false}); !slices.Equal(affs, []uint8{0, 0, 0, 0}) {
		t.Errorf("masked to %v", affs)
	}
	if MultiplyMask(f, 1, []float64{5, 0}); f[0] != 1 || f[1] != 0 {
		t.Errorf("multiplied to %v", f)
	}
}

// The Gaussian of a constant is that constant, and that of a single voxel is symmetric, also across a tile's end.
func TestGaussianFilterProperties(t *testing.T) {
	shape := []int{5, 3, gaussianTile + 1}
	n := nd.Len(shape)
	src, dst := make([]float64, n), make([]float64, n)
	for i := range src {
		src[i] = 2.5
	}
	GaussianFilter(dst, src, shape, []float64{1, 9, 2})
	for i, v := range dst {
		if math.Abs(v-2.5) > 1e-12 {
			t.Fatalf("voxel %d of a constant: %v", i, v)
		}
	}
	clear(src)
	src[n/2] = 1
	GaussianFilter(dst, src, shape, []float64{1, 0.5, 2})
	for i := range n / 2 {
		if math.Abs(dst[i]-dst[n-1-i]) > 1e-15 {
			t.Fatalf("voxels %d and %d: %v and %v", i, n-1-i, dst[i], dst[n-1-i])
		}
	}
}

func BenchmarkComponents(b *testing.B) {
	shape := []int{128, 128, 128}
	labels := syntheticFragments(shape, 48)
	dst := make([]uint64, len(labels))
	b.SetBytes(int64(8 * len(labels)))
	for b.Loop() {
		Components(dst, labels, shape)
	}
}

func BenchmarkRegions(b *testing.B) {
	shape := []int{128, 128, 128}
	labels := syntheticFragments(shape, 48)
	n := int(slices.Max(labels))
	b.SetBytes(int64(8 * len(labels)))
	for b.Loop() {
		Regions(labels, shape, n)
	}
}

func BenchmarkLookup(b *testing.B) {
	labels := syntheticFragments([]int{128, 128, 128}, 48)
	from := make([]uint64, slices.Max(labels))
	for i := range from {
		from[i] = uint64(i + 1)
	}
	l := NewLookup(from, from)
	b.SetBytes(int64(8 * len(labels)))
	for b.Loop() {
		l.Apply(labels, labels)
	}
}

func BenchmarkGaussianFilter(b *testing.B) {
	shape := []int{96, 96, 96}
	values := make([]float32, nd.Len(shape))
	b.SetBytes(int64(4 * len(values)))
	for b.Loop() {
		GaussianFilter(values, values, shape, []float64{1, 2, 2})
	}
}

func BenchmarkContingency(b *testing.B) {
	labels := syntheticFragments([]int{128, 128, 128}, 48)
	b.SetBytes(int64(16 * len(labels)))
	for b.Loop() {
		t := NewContingency()
		t.Add(labels, labels)
		t.AdaptedRandError()
	}
}
