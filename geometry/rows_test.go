package geometry_test

import (
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

// TestRows compares the cells of a box's rows with its points, which are in row-major order.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		r := roi(t, "roi", n)
		var cells []geometry.Coordinate
		for at, length := range r.Rows() {
			for i := range length {
				p := at.Clone()
				p[n-1] += i
				cells = append(cells, p)
			}
		}
		want := points(r)
		if len(cells) != len(want) {
			t.Fatalf("the rows of %v have %d cells, not %d", r, len(cells), len(want))
		}
		for i := range want {
			if !cells[i].Equal(want[i]) {
				t.Fatalf("cell %d of %v is %v, want %v", i, r, cells[i], want[i])
			}
		}
	})
}

// TestGridRows compares the indices of the rows of a part of a grid with those of its positions.
func TestGridRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		g := grid(t, n)
		box := roi(t, "box", n).Intersect(g.All())
		var indices []int64
		for first, length := range g.Rows(box) {
			for i := range length {
				indices = append(indices, first+int64(i))
			}
		}
		want := points(box)
		if len(indices) != len(want) {
			t.Fatalf("the rows of %v have %d blocks, not %d", box, len(indices), len(want))
		}
		for i, p := range want {
			if indices[i] != g.Index(p) {
				t.Fatalf("block %d of %v is %d, want %d", i, box, indices[i], g.Index(p))
			}
		}
	})
}

func TestRowsEndEarly(t *testing.T) {
	box := geometry.NewRoi(geometry.Coordinate{2, -1, 5}, geometry.Coordinate{2, 3, 4})
	n := 0
	for at, length := range box.Rows() {
		if n++; n == 2 {
			if !at.Equal(geometry.Coordinate{2, 0, 5}) || length != 4 {
				t.Errorf("the second row is %d from %v on", length, at)
			}
			break
		}
	}
	if n != 2 {
		t.Errorf("%d rows", n)
	}
}
