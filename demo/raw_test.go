package demo

import (
	"runtime"
	"slices"
	"testing"

	"volara/geometry"
	"volara/nd"
)

func mustRaw(t testing.TB, labels *nd.Array, seed uint64) *nd.Array {
	t.Helper()
	raw, err := Raw(labels, nanometres[3-len(labels.Shape()):], seed)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Membranes are dark, cytoplasm is bright, organelles are between.
func TestRawShowsMembranes(t *testing.T) {
	for _, shape := range [][]int{{24, 120, 120}, {200, 200}} {
		labels := mustLabels(t, 4, shape...)
		raw := nd.Values[uint8](mustRaw(t, labels, 4))
		ids := nd.Values[uint32](labels)
		height, width := shape[len(shape)-2], shape[len(shape)-1]
		var wall, wallN, inside, insideN float64
		for i := range ids {
			y, x := i/width%height, i%width
			if y < 4 || x < 4 || y >= height-4 || x >= width-4 {
				continue
			}
			same := func(reach int) bool {
				return ids[i-reach] == ids[i] && ids[i+reach] == ids[i] && ids[i-reach*width] == ids[i] && ids[i+reach*width] == ids[i]
			}
			switch {
			case !same(1):
				wall, wallN = wall+float64(raw[i]), wallN+1
			case same(2) && same(3) && same(4):
				inside, insideN = inside+float64(raw[i]), insideN+1
			}
		}
		if wall, inside = wall/wallN, inside/insideN; wall > 95 || inside < 145 {
			t.Errorf("shape %v: mean grey %.0f on membranes and %.0f inside", shape, wall, inside)
		}
	}
}

func TestRawDependsOnSeedNotOnCores(t *testing.T) {
	labels := mustLabels(t, 4, 20, 70, 60)
	first := mustRaw(t, labels, 4)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !slices.Equal(first.Bytes(), mustRaw(t, labels, 4).Bytes()) {
		t.Error("one core paints another picture than several")
	}
	if slices.Equal(first.Bytes(), mustRaw(t, labels, 5).Bytes()) {
		t.Error("two seeds paint one picture")
	}
}

func TestRawOfAnyShape(t *testing.T) {
	for _, shape := range [][]int{{1}, {90}, {1, 1}, {1, 80}, {80, 1}, {1, 1, 1}, {3, 2, 5}, {1, 60, 60}, {60, 60, 1}, {60, 1, 60}} {
		labels := mustLabels(t, 1, shape...)
		if raw := mustRaw(t, labels, 1); !slices.Equal(raw.Shape(), shape) || raw.DType() != nd.Uint8 {
			t.Errorf("labels of shape %v make raw of %v, %v", shape, raw.Shape(), raw.DType())
		}
	}
	if _, err := Raw(mustLabels(t, 1, 4, 4), geometry.Coordinate{1, 1, 1}, 1); err == nil {
		t.Error("a voxel size of other dimensions is accepted")
	}
}

// Organelles lie within their neurites, and there are some of each kind.
func TestOrganelles(t *testing.T) {
	for _, c := range []struct {
		shape                []int
		nuclei, mitochondria int // at least
	}{{[]int{260, 260}, 1, 10}, {[]int{40, 120, 120}, 0, 8}} {
		labels := mustLabels(t, 1, c.shape...)
		f, err := newFrame(c.shape, nanometres[3-len(c.shape):])
		if err != nil {
			t.Fatal(err)
		}
		s := &survey{frame: f, labels: nd.Values[uint32](labels)}
		nuclei, mitochondria := 0, 0
		for _, o := range findOrganelles(f, s.labels, 1) {
			if o.nucleus {
				nuclei++
			} else {
				mitochondria++
			}
			for _, share := range []float64{-0.9, 0, 0.9} {
				if label, inside := s.labelAt(o.at.add(o.axis.scale(share * o.long))); inside && label != o.label {
					t.Errorf("an organelle of neurite %d reaches into %d", o.label, label)
				}
			}
		}
		if nuclei < c.nuclei || mitochondria < c.mitochondria {
			t.Errorf("shape %v: %d nuclei and %d mitochondria", c.shape, nuclei, mitochondria)
		}
	}
}

func BenchmarkRaw(b *testing.B) {
	labels := mustLabels(b, 1, 64, 128, 128)
	b.SetBytes(int64(labels.Len()))
	for b.Loop() {
		mustRaw(b, labels, 1)
	}
}
