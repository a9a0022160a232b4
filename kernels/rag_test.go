package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"volara/nd"
)

func TestEdgeStatisticsByHand(t *testing.T) {
	frags := []uint64{
		7, 7, 3,
		7, 0, 3,
	}
	affs := []uint8{
		51, 102, 255, // down
		1, 1, 1,
		10, 255, 9, // right
		20, 30, 40,
	}
	offsets := [][]int{{1, 0}, {0, 1}}
	got := EdgeStatistics(frags, affs, []int{2, 3}, offsets, [][]int{{0}, {0, 1}}, 2)
	if len(got) != 1 || got[0].U != 3 || got[0].V != 7 || got[0].Sum[0] != 1 || got[0].Sum[1] != 1 || !slices.Equal(got[0].Count, []int64{1, 1}) {
		t.Errorf("got %+v", got)
	}
	frags[4] = 9
	got = EdgeStatistics(frags, affs, []int{2, 3}, offsets, [][]int{{0}, nil}, 1)
	if len(got) != 1 || got[0].U != 7 || got[0].V != 9 || got[0].Sum[0] != 102.0/255 || got[0].Count[0] != 1 {
		t.Errorf("got %+v", got)
	}
}

func statisticsReference[T Affinity](frags []uint64, affs []T, shape []int, offsets [][]int, score [][]int, scores int) map[[2]uint64]PairStats {
	n, stats := nd.Len(shape), map[[2]uint64]PairStats{}
	for c, o := range offsets {
		for i := range n {
			j, ok := neighbour(i, o, shape)
			if !ok || frags[i] == frags[j] || frags[i] == 0 || frags[j] == 0 {
				continue
			}
			key := [2]uint64{min(frags[i], frags[j]), max(frags[i], frags[j])}
			for _, s := range score[c] {
				if _, seen := stats[key]; !seen {
					stats[key] = PairStats{U: key[0], V: key[1], Sum: make([]float64, scores), Count: make([]int64, scores)}
				}
				stats[key].Sum[s] += float64(affs[c*n+i])
				stats[key].Count[s]++
			}
		}
	}
	if _, ok := any(affs).([]uint8); ok {
		for _, s := range stats {
			for i := range s.Sum {
				s.Sum[i] /= 255
			}
		}
	}
	return stats
}

// neighbour returns the voxel at an offset from voxel i.
func neighbour(i int, offset, shape []int) (j int, ok bool) {
	for d, x := range unravel(i, shape) {
		q := x + offset[d]
		if q < 0 || q >= shape[d] {
			return 0, false
		}
		j = j*shape[d] + q
	}
	return j, true
}

// blobs returns labels that come in runs.
func blobs(r *rand.Rand, n int, ids uint64) []uint64 {
	labels := make([]uint64, n)
	for i := range labels {
		if i > 0 && r.IntN(3) > 0 {
			labels[i] = labels[i-1]
		} else {
			labels[i] = r.Uint64N(ids)
		}
	}
	return labels
}

func TestEdgeStatisticsMatchesReference(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		shape, p := randomMutex(r)
		n := nd.Len(shape)
		frags := blobs(r, n, 2+seed%300)
		f, b := make([]float32, n*len(p.Offsets)), make([]uint8, n*len(p.Offsets))
		for i := range f {
			f[i], b[i] = r.Float32(), uint8(r.IntN(256))
		}
		score := make([][]int, len(p.Offsets))
		for c := range score {
			for s := range 3 {
				if r.IntN(2) == 0 {
					score[c] = append(score[c], s)
				}
			}
		}
		compareStatistics(t, EdgeStatistics(frags, f, shape, p.Offsets, score, 3), statisticsReference(frags, f, shape, p.Offsets, score, 3))
		compareStatistics(t, EdgeStatistics(frags, b, shape, p.Offsets, score, 3), statisticsReference(frags, b, shape, p.Offsets, score, 3))
	}
}

func compareStatistics(t *testing.T, got []PairStats, want map[[2]uint64]PairStats) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d pairs, want %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[[2]uint64{g.U, g.V}]
		if !slices.Equal(g.Sum, w.Sum) || !slices.Equal(g.Count, w.Count) {
			t.Fatalf("got %+v, want %+v", g, w)
		}
		if i > 0 && (got[i-1].U > g.U || got[i-1].U == g.U && got[i-1].V >= g.V) {
			t.Fatalf("pairs out of order at %d", i)
		}
	}
}

// A block that holds all of a pair's contacts gives the same bits as the whole volume.
func TestEdgeStatisticsOfABlock(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	whole, offsets, score := []int{12, 14}, [][]int{{1, 0}, {0, 1}, {0, 3}}, [][]int{{0}, {0}, {0}}
	frags, affs := make([]uint64, 12*14), make([]float32, 3*12*14)
	for i := range frags {
		if y, x := i/14, i%14; y >= 3 && y < 9 && x >= 4 && x < 10 {
			frags[i] = uint64(1 + (x+y)/7)
		}
	}
	for i := range affs {
		affs[i] = r.Float32()
	}
	lo, shape := []int{2, 3}, []int{8, 8}
	var blockFrags []uint64
	var blockAffs []float32
	for c := range 4 {
		for y := range shape[0] {
			at := (lo[0]+y)*14 + lo[1]
			if c == 3 {
				blockFrags = append(blockFrags, frags[at:at+shape[1]]...)
			} else {
				blockAffs = append(blockAffs, affs[c*12*14+at:][:shape[1]]...)
			}
		}
	}
	a, b := EdgeStatistics(frags, affs, whole, offsets, score, 1), EdgeStatistics(blockFrags, blockAffs, shape, offsets, score, 1)
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%d and %d pairs", len(a), len(b))
	}
	for i := range a {
		if math.Float64bits(a[i].Sum[0]) != math.Float64bits(b[i].Sum[0]) || a[i].Count[0] != b[i].Count[0] {
			t.Errorf("%+v and %+v", a[i], b[i])
		}
	}
}

func BenchmarkEdgeStatistics(b *testing.B) {
	shape := []int{96, 96, 96}
	frags, affs := syntheticFragments(shape, 48), syntheticAffinities(shape, 48, nine)
	score := [][]int{{0}, {0}, {0}, {1}, {1}, {1}, {1}, {1}, {1}}
	b.SetBytes(int64(len(affs)))
	for b.Loop() {
		EdgeStatistics(frags, affs, shape, nine, score, 2)
	}
}
