package geometry_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

func TestRoiString(t *testing.T) {
	r := geometry.NewRoi(geometry.Coordinate{-4, 5}, geometry.Coordinate{14, 15})
	if got := r.String(); got != "[-4:10, 5:20]" {
		t.Errorf("%q", got)
	}
	if got := (geometry.Roi{}).String(); got != "[]" {
		t.Errorf("%q", got)
	}
}

func TestEmptyRois(t *testing.T) {
	full := geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{4, 4})
	for _, empty := range []geometry.Roi{
		{},
		geometry.NewRoi(geometry.Coordinate{1, 1}, geometry.Coordinate{0, 3}),
		geometry.NewRoi(geometry.Coordinate{1, 1}, geometry.Coordinate{-2, -2}),
	} {
		if !empty.Empty() || empty.Size() != 0 {
			t.Errorf("%v is not empty", empty)
		}
		if !full.Contains(empty) || empty.Contains(full) {
			t.Errorf("%v: a box contains every empty one, an empty one only those", empty)
		}
		if !full.Union(empty).Equal(full) || !empty.Union(full).Equal(full) {
			t.Errorf("%v adds to a union", empty)
		}
	}
	apart := full.Intersect(full.Shift(geometry.Coordinate{9, 0}))
	if !apart.Empty() || !apart.Shape.Equal(geometry.Coordinate{0, 0}) {
		t.Errorf("boxes apart meet in %v", apart)
	}
}

// TestRoiOperationsOnPoints compares every operation with the same one on sets of points.
func TestRoiOperationsOnPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2).Draw(t, "dims")
		a, b := roi(t, "a", n), roi(t, "b", n)
		inA, inB := points(a), points(b)
		var both []geometry.Coordinate
		for _, p := range inA {
			if slices.ContainsFunc(inB, p.Equal) {
				both = append(both, p)
			}
		}
		if int64(len(inA)) != a.Size() {
			t.Fatalf("%v has %d points, Size %d", a, len(inA), a.Size())
		}
		if got := points(a.Intersect(b)); len(got) != len(both) || !same(bounds(got), bounds(both)) {
			t.Fatalf("%v ∩ %v is %v", a, b, a.Intersect(b))
		}
		if a.Meets(b) != (len(both) > 0) || b.Meets(a) != a.Meets(b) {
			t.Fatalf("%v meets %v: %v", a, b, a.Meets(b))
		}
		if a.Contains(b) != (len(both) == len(inB)) {
			t.Fatalf("%v contains %v: %v", a, b, a.Contains(b))
		}
		if got, want := a.Union(b), bounds(slices.Concat(inA, inB)); !same(got, want) {
			t.Fatalf("%v ∪ %v is %v, want %v", a, b, got, want)
		}
		p := coordinate(t, "p", n, -14, 28)
		if a.ContainsPoint(p) != slices.ContainsFunc(inA, p.Equal) {
			t.Fatalf("%v contains %v: %v", a, p, a.ContainsPoint(p))
		}
	})
}

// same takes all empty boxes for one.
func same(a, b geometry.Roi) bool { return a.Equal(b) || a.Empty() && b.Empty() }

func TestRoiUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		r, unit := roi(t, "roi", n), coordinate(t, "unit", n, 1, 9)
		if fine := r.Mul(unit); !fine.Aligned(unit) || !fine.Cover(unit).Equal(r) {
			t.Fatalf("%v × %v is %v, which covers %v", r, unit, fine, fine.Cover(unit))
		}
		low, high := coordinate(t, "low", n, 0, 9), coordinate(t, "high", n, 0, 9)
		grown := r.Grow(low, high)
		if !grown.Offset.Equal(r.Offset.Sub(low)) || !grown.End().Equal(r.End().Add(high)) {
			t.Fatalf("%v grows to %v", r, grown)
		}
		if !grown.Grow(low.Neg(), high.Neg()).Equal(r) || !r.Shift(low).Shift(low.Neg()).Equal(r) {
			t.Fatalf("%v is not what it was", r)
		}
	})
}

// TestCover asks every point of a box which cell it lies in.
func TestCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "dims")
		r, unit := roi(t, "roi", n), coordinate(t, "unit", n, 1, 9)
		var cells []geometry.Coordinate
		for _, p := range points(r) {
			cell := make(geometry.Coordinate, n)
			for d := range p {
				cell[d] = int(math.Floor(float64(p[d]) / float64(unit[d])))
			}
			cells = append(cells, cell)
		}
		if want := bounds(cells); !r.Empty() && !r.Cover(unit).Equal(want) {
			t.Fatalf("cells of %v that hold %v are %v, want %v", unit, r, r.Cover(unit), want)
		}
	})
}

func TestRoiJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := roi(t, "roi", dims(t))
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back geometry.Roi
		if err := json.Unmarshal(data, &back); err != nil || !back.Equal(r) {
			t.Fatalf("%s becomes %v: %v", data, back, err)
		}
	})
	data, err := json.Marshal(geometry.NewRoi(geometry.Coordinate{4000, -160}, geometry.Coordinate{800, 480}))
	if err != nil || string(data) != "[[4000,-160],[800,480]]" {
		t.Errorf("%s, %v", data, err)
	}
	for _, bad := range []string{`{}`, `[]`, `[[1,2]]`, `[[1,2],[3]]`, `[[1],[2],[3]]`, `[[1.5],[2]]`, `["a","b"]`, `3`} {
		r := geometry.NewRoi(geometry.Coordinate{1}, geometry.Coordinate{2})
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s is read as %v", bad, r)
		}
	}
}
