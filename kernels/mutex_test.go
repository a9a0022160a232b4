package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"volara/nd"
)

// mutexReference is the definition, taken word by word: every edge, one stable sort, sets as slices.
func mutexReference[T Affinity](affs []T, shape []int, p MutexWatershedParams) []uint64 {
	n := nd.Len(shape)
	type edge struct {
		u, v  int
		score float64
	}
	var edges []edge
	touched := make([]bool, n)
	for c, offset := range p.Offsets {
		for u := range n {
			at := unravel(u, shape)
			ok, v := true, 0
			for d := range shape {
				q := at[d] + offset[d]
				ok = ok && q >= 0 && q < shape[d]
				if p.Strides != nil {
					ok = ok && (at[d]-max(0, -offset[d]))%p.Strides[c][d] == 0
				}
				v = v*shape[d] + q
			}
			if !ok {
				continue
			}
			score := float64(affs[c*n+u])
			if _, isByte := any(affs).([]uint8); isByte {
				score /= 255
			}
			score += p.Bias[c]
			edges = append(edges, edge{u, v, score})
			if score > 0 {
				touched[u], touched[v] = true, true
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int {
		switch x, y := math.Abs(a.score), math.Abs(b.score); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	cluster := make([]int, n)
	for i := range cluster {
		cluster[i] = i
	}
	mutex := map[[2]int]bool{}
	for _, e := range edges {
		a, b := cluster[e.u], cluster[e.v]
		switch {
		case a == b:
		case e.score <= 0:
			mutex[[2]int{a, b}], mutex[[2]int{b, a}] = true, true
		case !mutex[[2]int{a, b}]:
			for i := range cluster {
				if cluster[i] == b {
					cluster[i] = a
				}
			}
			for k := range mutex {
				if k[0] == b {
					mutex[[2]int{a, k[1]}] = true
				}
				if k[1] == b {
					mutex[[2]int{k[0], a}] = true
				}
			}
		}
	}
	labels := make([]uint64, n)
	number := map[int]uint64{}
	for i, c := range cluster {
		if !touched[i] {
			continue
		}
		if number[c] == 0 {
			number[c] = uint64(len(number) + 1)
		}
		labels[i] = number[c]
	}
	return labels
}

func unravel(i int, shape []int) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], i = i%shape[d], i/shape[d]
	}
	return at
}

func randomMutex(r *rand.Rand) ([]int, MutexWatershedParams) {
	shape := make([]int, 1+r.IntN(4))
	for d := range shape {
		shape[d] = 1 + r.IntN([]int{90, 10, 6, 4}[len(shape)-1])
	}
	p := MutexWatershedParams{}
	for range 1 + r.IntN(6) {
		o, s := make([]int, len(shape)), make([]int, len(shape))
		for d := range o {
			o[d], s[d] = r.IntN(6)-3, 1+r.IntN(2)
		}
		p.Offsets = append(p.Offsets, o)
		p.Bias = append(p.Bias, -float64(r.IntN(5))/5)
		p.Strides = append(p.Strides, s)
	}
	if r.IntN(2) == 0 {
		p.Strides = nil
	}
	return shape, p
}

func TestMutexWatershedMatchesReference(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 1))
		shape, p := randomMutex(r)
		n := nd.Len(shape)
		b, f32, f64 := make([]uint8, n*len(p.Offsets)), make([]float32, n*len(p.Offsets)), make([]float64, n*len(p.Offsets))
		levels := []int{2, 6, 256, 1 << 20}[seed%4]
		for i := range b {
			x := float64(r.IntN(levels)) / float64(levels-1)
			b[i], f32[i], f64[i] = uint8(255*x), float32(x), x
		}
		check(t, seed, b, shape, p)
		check(t, seed, f32, shape, p)
		check(t, seed, f64, shape, p)
	}
}

func check[T Affinity](t *testing.T, seed uint64, affs []T, shape []int, p MutexWatershedParams) {
	t.Helper()
	got := make([]uint64, nd.Len(shape))
	want := mutexReference(affs, shape, p)
	for _, small := range []int{1, 2, 5, smallCluster} {
		if mutexWatershed(got, affs, shape, p, small); !slices.Equal(got, want) {
			t.Fatalf("seed %d, %T, shape %v, %+v, small %d\n got %v\nwant %v", seed, affs, shape, p, small, got, want)
		}
	}
}

var nine = [][]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {4, 0, 0}, {0, 8, 0}, {0, 0, 8}, {8, 0, 0}, {0, 16, 0}, {0, 0, 16}}

// BenchmarkMutexWatershedRaw takes real affinities: raw dumps of 9×N×N×N uint8, named affsN.raw, in the folder
// $AFFINITIES. cpu-ms is the processor time of the fastest run, which other load on the machine touches least.
func BenchmarkMutexWatershedRaw(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("AFFINITIES"), "affs*.raw"))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		n := int(math.Round(math.Cbrt(float64(len(raw) / len(nine)))))
		f, r := make([]float32, len(raw)), rand.New(rand.NewPCG(0, 0))
		for i, v := range raw {
			f[i] = (float32(v) + r.Float32()) / 256
		}
		b.Run(fmt.Sprintf("uint8/%d", n), func(b *testing.B) { benchmarkMutex(b, raw, []int{n, n, n}) })
		b.Run(fmt.Sprintf("float32/%d", n), func(b *testing.B) { benchmarkMutex(b, f, []int{n, n, n}) })
	}
}

// BenchmarkMutexWatershed takes fragments that fill the volume with hardly an edge between them, many small ones, of
// which repulsive edges cost most, and noise.
func BenchmarkMutexWatershed(b *testing.B) {
	shape := []int{64, 64, 64}
	random, r := make([]uint8, 9*nd.Len(shape)), rand.New(rand.NewPCG(5, 5))
	for i := range random {
		random[i] = uint8(r.IntN(256))
	}
	for _, c := range []struct {
		name string
		affs []uint8
	}{
		{"large", syntheticAffinities(shape, 48, nine)},
		{"dense", syntheticAffinities(shape, 10, nine)}, // most voxels are nearer to another fragment than the offsets are long
		{"random", random},
	} {
		f := make([]float32, len(c.affs))
		for i, v := range c.affs {
			f[i] = float32(v) / 255
		}
		b.Run(c.name+"/uint8", func(b *testing.B) { benchmarkMutex(b, c.affs, shape) })
		b.Run(c.name+"/float32", func(b *testing.B) { benchmarkMutex(b, f, shape) })
	}
}

func benchmarkMutex[T Affinity](b *testing.B, affs []T, shape []int) {
	p := MutexWatershedParams{Offsets: nine, Bias: []float64{-.4, -.4, -.4, -.7, -.7, -.7, -.7, -.7, -.7}}
	dst, best := make([]uint64, nd.Len(shape)), time.Duration(math.MaxInt64)
	b.ReportAllocs()
	for b.Loop() {
		start := cpuTime(b)
		MutexWatershed(dst, affs, shape, p)
		best = min(best, cpuTime(b)-start)
	}
	b.ReportMetric(float64(slices.Max(dst)), "fragments")
	b.ReportMetric(float64(best.Microseconds())/1000, "cpu-ms")
}

// cpuTime returns the processor time that this process has used.
func cpuTime(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
