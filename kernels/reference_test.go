package kernels

import (
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"volara/nd"
)

// reference.json is made by testdata/reference.py.
//
//go:embed testdata/reference.json
var referenceJSON []byte

type reference struct {
	Mutex []struct {
		Shape   []int
		Offsets [][]int
		Bias    []float64
		Strides [][]int
		Ranks   []int
		Levels  int
		Labels  []uint64
	}
	Gaussian []struct {
		Shape    []int
		Sigma    []float64
		Dtype    string
		Src, Dst []float64
	}
	Components []struct {
		Shape    []int
		Src, Dst []uint64
	}
	Metrics []struct {
		GT, Seg      []uint64
		Split, Merge float64
		RandError    float64 `json:"rand_error"`
	}
}

func references(t *testing.T) (r reference) {
	t.Helper()
	if err := json.Unmarshal(referenceJSON, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMutexWatershedMatchesMwatershed(t *testing.T) {
	for i, c := range references(t).Mutex {
		affs := make([]float64, len(c.Ranks))
		for k, rank := range c.Ranks {
			affs[k] = float64(rank) / float64(c.Levels)
		}
		got := make([]uint64, nd.Len(c.Shape))
		MutexWatershed(got, affs, c.Shape, MutexWatershedParams{Offsets: c.Offsets, Bias: c.Bias, Strides: c.Strides})
		if !slices.Equal(got, c.Labels) {
			t.Errorf("case %d, shape %v:\n got %v\nwant %v", i, c.Shape, got, c.Labels)
		}
	}
}

func TestGaussianFilterMatchesScipy(t *testing.T) {
	for i, c := range references(t).Gaussian {
		got, tolerance := make([]float64, len(c.Src)), 1e-14
		if c.Dtype == "float32" {
			src := make([]float32, len(c.Src))
			for k, v := range c.Src {
				src[k] = float32(v)
			}
			GaussianFilter(src, src, c.Shape, c.Sigma)
			for k, v := range src {
				got[k] = float64(v)
			}
			tolerance = 6e-8
		} else {
			GaussianFilter(got, c.Src, c.Shape, c.Sigma)
		}
		for k := range got {
			if math.Abs(got[k]-c.Dst[k]) > tolerance {
				t.Fatalf("case %d, shape %v, element %d: got %v, want %v", i, c.Shape, k, got[k], c.Dst[k])
			}
		}
	}
}

func TestComponentsMatchesSkimage(t *testing.T) {
	for i, c := range references(t).Components {
		got := make([]uint64, len(c.Src))
		n := Components(got, c.Src, c.Shape)
		if !slices.Equal(got, c.Dst) || uint64(n) != slices.Max(c.Dst) {
			t.Errorf("case %d, shape %v: got %d\n%v\nwant %v", i, c.Shape, n, got, c.Dst)
		}
	}
}

func TestContingencyMatchesSkimage(t *testing.T) {
	for i, c := range references(t).Metrics {
		table := NewContingency()
		table.Add(c.Seg, c.GT)
		for _, v := range []struct {
			name      string
			got, want float64
		}{{"split", table.Split(), c.Split}, {"merge", table.Merge(), c.Merge}, {"rand error", table.AdaptedRandError(), c.RandError}} {
			if math.Abs(v.got-v.want) > 1e-12 {
				t.Errorf("case %d, %s: got %v, want %v", i, v.name, v.got, v.want)
			}
		}
	}
}
