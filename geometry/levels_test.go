package geometry_test

import (
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

// Blocks that read what another one writes conflict, and never are of one level; a block's conflicts are the box that
// levels say, cut to the grid, and the same seen from both sides.
func TestConflictingBlocksDifferInLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid(t, dims(t))
		all := blocks(g)
		for _, a := range all {
			box := g.Conflicts(a.Position)
			if level := g.Level(a.Position); level < 0 || level >= g.Levels().Prod() {
				t.Fatalf("%v is of level %d, there are %v", a.Position, level, g.Levels())
			}
			for _, b := range all {
				meets := a.ReadROI.Meets(b.WriteROI) || b.ReadROI.Meets(a.WriteROI)
				inside := box.ContainsPoint(b.Position)
				if meets && !inside {
					t.Fatalf("%v and %v conflict, but %v says not", a, b, box)
				}
				if inside != g.Conflicts(b.Position).ContainsPoint(a.Position) {
					t.Fatalf("%v and %v conflict from one side only", a.Position, b.Position)
				}
				if inside && a.Index != b.Index && g.Level(a.Position) == g.Level(b.Position) {
					t.Fatalf("%v and %v conflict and are of one level", a.Position, b.Position)
				}
			}
		}
	})
}

// With one axis, or the same context on both sides, the box has nobody but who conflicts.
func TestConflictsAreNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid(t, dims(t))
		low, high := g.Context()
		if g.Dims() > 1 && !low.Equal(high) {
			g, _ = geometry.NewGrid(g.Total(), g.BlockShape(), low, low, g.Fit())
		}
		all := blocks(g)
		for _, a := range all {
			for _, b := range all {
				meets := a.ReadROI.Meets(b.WriteROI) || b.ReadROI.Meets(a.WriteROI)
				if inside := g.Conflicts(a.Position).ContainsPoint(b.Position); inside && !meets {
					t.Fatalf("%v and %v do not conflict, but the box has them", a, b)
				}
			}
		}
	})
}

func TestLevelsByHand(t *testing.T) {
	c := func(v ...int) geometry.Coordinate { return v }
	g, err := geometry.NewGrid(geometry.NewRoi(c(-4, 10), c(12, 9)), c(4, 3), c(1, 0), c(0, 0), geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Levels(); !got.Equal(c(2, 1)) {
		t.Fatalf("levels %v", got)
	}
	for y, want := range []int64{1, 0, 1} {
		for x := range 3 {
			if got := g.Level(c(y, x)); got != want {
				t.Errorf("(%d, %d) is of level %d, not %d", y, x, got, want)
			}
		}
	}
	if got := g.Conflicts(c(0, 1)); !got.Equal(geometry.NewRoi(c(0, 1), c(2, 1))) {
		t.Errorf("conflicts %v", got)
	}
}
