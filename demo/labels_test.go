package demo

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/nd"
)

var nanometres = geometry.Coordinate{40, 16, 16}

// mustLabels makes a volume with the last voxel sizes of (40, 16, 16).
func mustLabels(t testing.TB, seed uint64, shape ...int) *nd.Array {
	t.Helper()
	a, err := Labels(shape, nanometres[3-len(shape):], seed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// pieces counts the face-connected pieces of every label: a plain flood fill.
func pieces(a *nd.Array) map[uint32]int {
	labels, shape := nd.Values[uint32](a), a.Shape()
	strides := nd.Strides(shape)
	seen := make([]bool, len(labels))
	count := map[uint32]int{}
	for start := range labels {
		if seen[start] {
			continue
		}
		count[labels[start]]++
		seen[start] = true
		stack := []int{start}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for d, n := range shape {
				for _, by := range []int{-1, 1} {
					if k := at / strides[d] % n; k+by < 0 || k+by >= n {
						continue
					}
					if next := at + by*strides[d]; !seen[next] && labels[next] == labels[at] {
						seen[next] = true
						stack = append(stack, next)
					}
				}
			}
		}
	}
	return count
}

func checkLabels(t interface{ Fatalf(string, ...any) }, a *nd.Array) {
	count := pieces(a)
	for id := uint32(1); id <= uint32(len(count)); id++ {
		if count[id] != 1 {
			t.Fatalf("shape %v: label %d of %d has %d pieces", a.Shape(), id, len(count), count[id])
		}
	}
}

func TestLabelsAreConnectedAndFillTheVolume(t *testing.T) {
	for _, c := range []struct {
		shape    []int
		from, to int // number of neurites
	}{
		{[]int{1}, 1, 1},
		{[]int{1, 1, 1}, 1, 1},
		{[]int{2, 3}, 1, 1},
		{[]int{500}, 2, 40},
		{[]int{1, 200, 200}, 10, 100},
		{[]int{200, 200}, 10, 100},
		{[]int{300, 1}, 2, 40},
		{[]int{5, 6, 7}, 1, 2},
		{[]int{32, 64, 64}, 8, 80},
		{[]int{48, 97, 130}, 30, 250},
	} {
		t.Run(fmt.Sprint(c.shape), func(t *testing.T) {
			a := mustLabels(t, 3, c.shape...)
			checkLabels(t, a)
			if n := len(pieces(a)); n < c.from || n > c.to {
				t.Errorf("%d neurites, want %d to %d", n, c.from, c.to)
			}
			if n := int(slices.Max(nd.Values[uint32](a))); n != len(pieces(a)) {
				t.Errorf("largest id %d for %d labels", n, len(pieces(a)))
			}
		})
	}
}

func TestLabelsOfAnyShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "dims")
		shape := rapid.SliceOfN(rapid.IntRange(1, 40), n, n).Draw(t, "shape")
		voxel := geometry.Coordinate(rapid.SliceOfN(rapid.IntRange(1, 60), n, n).Draw(t, "voxel"))
		a, err := Labels(shape, voxel, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		checkLabels(t, a)
	})
}

func TestLabelsDependOnSeedNotOnCores(t *testing.T) {
	first := mustLabels(t, 7, 40, 90, 70)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if again := mustLabels(t, 7, 40, 90, 70); !slices.Equal(first.Bytes(), again.Bytes()) {
		t.Error("one core makes another volume than several")
	}
	if other := mustLabels(t, 8, 40, 90, 70); slices.Equal(first.Bytes(), other.Bytes()) {
		t.Error("two seeds make one volume")
	}
}

func TestLabelsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		shape []int
		voxel geometry.Coordinate
	}{
		"no dimension":      {nil, nil},
		"four dimensions":   {[]int{2, 2, 2, 2}, geometry.Fill(4, 1)},
		"other dimensions":  {[]int{2, 2}, geometry.Fill(3, 1)},
		"empty axis":        {[]int{2, 0}, geometry.Fill(2, 1)},
		"voxel of no size":  {[]int{2, 2}, geometry.Coordinate{1, 0}},
		"too many voxels":   {[]int{1 << 16, 1 << 16}, geometry.Fill(2, 1)},
		"overflowing shape": {[]int{1 << 40, 1 << 40}, geometry.Fill(2, 1)},
	} {
		if _, err := Labels(c.shape, c.voxel, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Every voxel belongs to the neurite whose tube is nearest, whatever boxes were culled.
func TestPartitionIsExact(t *testing.T) {
	for _, shape := range [][]int{{20, 45, 50}, {90, 110}, {400}} {
		f, err := newFrame(shape, nanometres[3-len(shape):])
		if err != nil {
			t.Fatal(err)
		}
		cones := grow(f, 5)
		got := make([]uint32, f.size())
		partition(got, f, cones, 9)
		b := newBend(f, 9)
		tubes := make([]tube, len(cones))
		for i, c := range cones {
			tubes[i] = newTube(c)
		}
		for i := range got {
			x, y, z := i%f.shape[2], i/f.shape[2]%f.shape[1], i/f.shape[2]/f.shape[1]
			at := b.at([3]int{z, y, x}, float64(z)+0.5, float64(y)+0.5, float64(x)+0.5)
			nearest, mine := 1e300, 1e300
			for k := range tubes {
				d := tubes[k].distance(at)
				nearest = min(nearest, d)
				if tubes[k].neurite == got[i] {
					mine = min(mine, d)
				}
			}
			if mine > nearest+1e-6 {
				t.Fatalf("shape %v voxel (%d, %d, %d): neurite %d at %g, nearest at %g", shape, z, y, x, got[i], mine, nearest)
			}
		}
	}
}

func BenchmarkLabels(b *testing.B) {
	shape := []int{128, 256, 256}
	b.SetBytes(int64(nd.Len(shape)))
	for b.Loop() {
		mustLabels(b, 1, shape...)
	}
}
