package kernels

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"volara/nd"
)

func TestMutexWatershedByHand(t *testing.T) {
	right := [][]int{{1}, {3}}
	for _, c := range []struct {
		name string
		affs []float64
		p    MutexWatershedParams
		want []uint64
	}{
		{"a chain", []float64{.9, .8, .7, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{0, 0}}, []uint64{1, 1, 1, 1}},
		{"cut at its weakest link", []float64{.9, .2, .7, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{0, -.5}}, []uint64{1, 1, 2, 2}},
		{"a tie goes to the lower channel", []float64{.5, .5, .5, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{0, -.5}}, []uint64{1, 1, 1, 1}},
		{"nothing attracts", []float64{.9, .2, .7, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{-.9, 0}}, []uint64{0, 0, 0, 0}},
		{"a strided chain", []float64{.9, .8, .7, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{0, 0}, Strides: [][]int{{2}, {1}}}, []uint64{1, 1, 2, 2}},
		{"background beside it", []float64{0, .8, .7, 0, 0, 0, 0, 0}, MutexWatershedParams{Bias: []float64{-.1, -.1}}, []uint64{0, 1, 1, 1}},
	} {
		c.p.Offsets = right
		got := make([]uint64, 4)
		MutexWatershed(got, c.affs, []int{4}, c.p)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	// The first link joins nothing any more when its turn comes, but still its ends are no background.
	got := make([]uint64, 2)
	MutexWatershed(got, []float64{.4, 0, -.6, 0}, []int{2}, MutexWatershedParams{Offsets: [][]int{{1}, {1}}, Bias: []float64{0, 0}})
	if !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("two voxels that exclude each other: got %v", got)
	}
}

// Offsets larger than the volume, and volumes without voxels, have no edges.
func TestMutexWatershedWithoutEdges(t *testing.T) {
	p := MutexWatershedParams{Offsets: [][]int{{5, 0}, {0, -7}}, Bias: []float64{0, 0}}
	dst := []uint64{9, 9, 9, 9}
	MutexWatershed(dst, []uint8{255, 255, 255, 255, 255, 255, 255, 255}, []int{2, 2}, p)
	if !slices.Equal(dst, make([]uint64, 4)) {
		t.Errorf("got %v", dst)
	}
	MutexWatershed(dst, make([]float32, 8), []int{2, 2}, p)
	MutexWatershed(nil, []float32{}, []int{0, 2}, p)
}

func TestRandomizedStrides(t *testing.T) {
	shape := []int{40, 50, 60}
	offset, step := []int{0, -2, 1}, []int{1, 2, 3}
	walk := func(l *lattice) (seen []int) {
		l.rows(func(start, n, step int) {
			for i := range n {
				seen = append(seen, start+i*step)
			}
		})
		return seen
	}
	l := newLattice(shape, offset, step)
	l.randomize(rand.New(rand.NewPCG(1, 2)))
	first := walk(l)
	if !slices.Equal(first, walk(l)) {
		t.Error("a second walk visits other voxels")
	}
	all := walk(newLattice(shape, offset, nil))
	if p := float64(len(first)) / float64(len(all)); math.Abs(p-1.0/6) > 0.01 {
		t.Errorf("kept a share of %v, want 1/6", p)
	}
	other := newLattice(shape, offset, step)
	other.randomize(rand.New(rand.NewPCG(1, 3)))
	if slices.Equal(first, walk(other)) {
		t.Error("another seed visits the same voxels")
	}

	affs, r := make([]uint8, 9*16*16*16), rand.New(rand.NewPCG(8, 8))
	for i := range affs {
		affs[i] = uint8(r.IntN(256))
	}
	run := func(seed uint64, randomized bool) []uint64 {
		p := MutexWatershedParams{Offsets: nine, Bias: make([]float64, 9), Randomized: randomized, Rand: rand.New(rand.NewPCG(seed, 0))}
		for c := range p.Bias {
			p.Bias[c] = -0.5
			p.Strides = append(p.Strides, []int{1 + c/3, 1 + c/3, 1 + c/3})
		}
		dst := make([]uint64, 16*16*16)
		MutexWatershed(dst, affs, []int{16, 16, 16}, p)
		return dst
	}
	if !slices.Equal(run(1, true), run(1, true)) {
		t.Error("the same seed gives another result")
	}
	if slices.Equal(run(1, true), run(2, true)) || slices.Equal(run(1, true), run(1, false)) {
		t.Error("randomness has no effect")
	}
}

// Everything that a call allocates, garbage included, and the labels stay below what blocks are planned with.
func TestMutexWatershedMemory(t *testing.T) {
	shape := []int{64, 64, 64}
	n := nd.Len(shape)
	p := MutexWatershedParams{Offsets: nine, Bias: []float64{-.4, -.4, -.4, -.7, -.7, -.7, -.7, -.7, -.7}}
	affs := syntheticAffinities(shape, 48, nine)
	floats, r := make([]float32, len(affs)), rand.New(rand.NewPCG(7, 7))
	for i, v := range affs {
		floats[i] = (float32(v) + r.Float32()) / 256
	}
	dst := make([]uint64, n)
	if per := bytesPerVoxel(n, func() { MutexWatershed(dst, affs, shape, p) }); per > 70 {
		t.Errorf("uint8: %.1f bytes a voxel, want at most 70", per)
	}
	if per := bytesPerVoxel(n, func() { MutexWatershed(dst, floats, shape, p) }); per > 130 {
		t.Errorf("float32: %.1f bytes a voxel, want at most 130", per)
	}
}

func bytesPerVoxel(n int, f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc)/float64(n) + 8
}

// Fragments that grow from small to big, on more edges at a voxel than fit one mask.
func TestMutexWatershedOfFragments(t *testing.T) {
	shape, r := []int{11, 12, 13}, rand.New(rand.NewPCG(6, 6))
	p := MutexWatershedParams{}
	for d := range shape {
		for _, length := range []int{1, -1, 3, -4, 5, 1} {
			o := make([]int, len(shape))
			o[d] = length
			o[(d+1)%3] = length / 4
			p.Offsets = append(p.Offsets, o)
			p.Bias = append(p.Bias, -.4-float64(max(length, -length))/16)
		}
	}
	for _, pitch := range []int{4, 6, 9} {
		affs := syntheticAffinities(shape, pitch, p.Offsets)
		floats := make([]float32, len(affs))
		for i, v := range affs {
			floats[i] = (float32(v) + r.Float32()) / 256
		}
		check(t, uint64(pitch), affs, shape, p)
		check(t, uint64(pitch), floats, shape, p)
	}
}

// Every merge of big clusters rewrites exclusions; a set of pairs, renamed one by one, says what they should be.
func TestExclusions(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		x, reference := newExclusions(), map[[2]uint32]float64{}
		var clusters []uint32
		for range 60 {
			clusters = append(clusters, x.newCluster())
		}
		for len(clusters) > 2 {
			r.Shuffle(len(clusters), func(i, j int) { clusters[i], clusters[j] = clusters[j], clusters[i] })
			a, b := clusters[0], clusters[1]
			if r.IntN(12) > 0 {
				strength := r.Float64()
				x.add(x.slot(a, b), a, b, moment{strength: strength})
				for _, k := range [][2]uint32{{a, b}, {b, a}} {
					reference[k] = max(reference[k], strength)
				}
				continue
			}
			kept := x.merge(a, b)
			clusters = append(clusters[2:], kept)
			gone := a + b - kept
			for _, c := range clusters {
				for _, k := range [][2]uint32{{kept, c}, {c, kept}} {
					reference[k] = max(reference[k], reference[[2]uint32{gone, c}])
				}
			}
			for i, a := range clusters {
				for _, b := range clusters[:i] {
					want := reference[[2]uint32{a, b}]
					if got := max(0, x.since(x.slot(a, b)).strength); got != want {
						t.Fatalf("seed %d: %d and %d exclude each other since %v, want %v", seed, a, b, got, want)
					}
					for range 2 {
						if got := x.excludes(a, b, moment{strength: 0}); got != (want > 0) {
							t.Fatalf("seed %d: %d and %d exclude each other in the end: %v, want %v", seed, a, b, got, want > 0)
						}
					}
				}
			}
		}
	}
}

// FuzzMutexWatershed compares with the reference on volumes made of the fuzzer's bytes.
func FuzzMutexWatershed(f *testing.F) {
	f.Add(uint64(3), []byte{0, 255, 127, 128, 51, 153, 102})
	f.Fuzz(func(t *testing.T, seed uint64, values []byte) {
		shape, p := randomMutex(rand.New(rand.NewPCG(seed, 9)))
		if len(values) == 0 {
			return
		}
		affs := make([]uint8, nd.Len(shape)*len(p.Offsets))
		floats := make([]float32, len(affs))
		for i := range affs {
			affs[i] = values[i%len(values)] + byte(i/len(values))
			floats[i] = float32(affs[i]) / 255
		}
		check(t, seed, affs, shape, p)
		check(t, seed, floats, shape, p)
	})
}
