package geometry_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

func TestCoordinateArithmetic(t *testing.T) {
	a, b := geometry.Coordinate{-7, 0, 9}, geometry.Coordinate{2, 3, -4}
	for name, c := range map[string]struct{ got, want geometry.Coordinate }{
		"add":     {a.Add(b), geometry.Coordinate{-5, 3, 5}},
		"sub":     {a.Sub(b), geometry.Coordinate{-9, -3, 13}},
		"mul":     {a.Mul(b), geometry.Coordinate{-14, 0, -36}},
		"div":     {a.Div(b), geometry.Coordinate{-4, 0, -3}},
		"ceilDiv": {a.CeilDiv(b), geometry.Coordinate{-3, 0, -2}},
		"min":     {a.Min(b), geometry.Coordinate{-7, 0, -4}},
		"max":     {a.Max(b), geometry.Coordinate{2, 3, 9}},
		"neg":     {a.Neg(), geometry.Coordinate{7, 0, -9}},
		"fill":    {geometry.Fill(3, -2), geometry.Coordinate{-2, -2, -2}},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if a.Prod() != 0 || b.Prod() != -24 || (geometry.Coordinate{}).Prod() != 1 {
		t.Error("Prod is wrong")
	}
	if got := a.String(); got != "(-7, 0, 9)" {
		t.Errorf("String is %q", got)
	}
}

func TestCoordinateLeavesItsOperandsAlone(t *testing.T) {
	a, b := geometry.Coordinate{5, -5}, geometry.Coordinate{2, 3}
	a.Add(b).Sub(b).Mul(b).Div(b).CeilDiv(b).Min(b).Max(b).Neg()[0] = 99
	a.Clone()[1] = 99
	if !a.Equal(geometry.Coordinate{5, -5}) || !b.Equal(geometry.Coordinate{2, 3}) {
		t.Fatalf("operands became %v and %v", a, b)
	}
}

func TestDivides(t *testing.T) {
	for _, c := range []struct {
		unit, of geometry.Coordinate
		want     bool
	}{
		{geometry.Coordinate{4, 3}, geometry.Coordinate{-8, 0}, true},
		{geometry.Coordinate{4, 3}, geometry.Coordinate{8, 4}, false},
		{geometry.Coordinate{0, 3}, geometry.Coordinate{0, 3}, false},
	} {
		if got := c.unit.Divides(c.of); got != c.want {
			t.Errorf("%v divides %v: %v", c.unit, c.of, got)
		}
	}
}

// TestDivisionRounds compares both quotients with those of real numbers, for every combination of signs.
func TestDivisionRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		a, b := coordinate(t, "a", n, -1000, 1000), coordinate(t, "b", n, -30, 30)
		for i := range b {
			if b[i] == 0 {
				b[i] = 1
			}
		}
		down, up := a.Div(b), a.CeilDiv(b)
		for i := range a {
			q := float64(a[i]) / float64(b[i])
			if down[i] != int(math.Floor(q)) || up[i] != int(math.Ceil(q)) {
				t.Fatalf("%d / %d gives %d and %d", a[i], b[i], down[i], up[i])
			}
		}
	})
}

func TestDimensionsMustAgree(t *testing.T) {
	a, b := geometry.Coordinate{1, 2}, geometry.Coordinate{1, 2, 3}
	for name, f := range map[string]func(){
		"Add":    func() { a.Add(b) },
		"Div":    func() { b.Div(a) },
		"NewRoi": func() { geometry.NewRoi(a, b) },
		"Shift":  func() { geometry.NewRoi(a, a).Shift(b) },
	} {
		if !panics(f) {
			t.Errorf("%s accepts 2 and 3 dimensions", name)
		}
	}
	if a.Equal(b) || b.Equal(a) {
		t.Error("coordinates of 2 and 3 dimensions are equal")
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}
