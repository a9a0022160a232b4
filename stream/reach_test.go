package stream

import (
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

// The intervals along the axes are the boxes that geometry gives, within what is selected.
func TestReachIsThatOfGeometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 4).Draw(t, "dims")
		up, down := drawGrid(t, dims, "up"), drawGrid(t, dims, "down")
		a := Task{Grid: up, Select: drawSelect(t, up, "up")}
		b := Task{Grid: down, Select: drawSelect(t, down, "down")}
		for i := range down.Len() {
			block := down.At(i)
			want := up.Writers(block.ReadROI).Intersect(a.Select)
			compareBox(t, want, newAxes(a), func(d int, x *axis) (int, int) {
				return x.writers(newAxes(b)[d].reads(block.Position[d]))
			})
		}
		for i := range up.Len() {
			block := up.At(i)
			want := down.Readers(block.WriteROI).Intersect(b.Select)
			compareBox(t, want, newAxes(b), func(d int, x *axis) (int, int) {
				return x.readers(newAxes(a)[d].writes(block.Position[d]))
			})
		}
	})
}

func compareBox(t *rapid.T, want geometry.Roi, axes []axis, interval func(int, *axis) (int, int)) {
	t.Helper()
	begin, end := make(geometry.Coordinate, len(axes)), make(geometry.Coordinate, len(axes))
	for d := range axes {
		begin[d], end[d] = interval(d, &axes[d])
	}
	got := geometry.FromCorners(begin, end)
	if got.Empty() != want.Empty() || !got.Empty() && !got.Equal(want) {
		t.Fatalf("box %v, geometry says %v", got, want)
	}
}
