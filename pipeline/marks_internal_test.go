package pipeline

import (
	"math"
	"testing"

	"volara/geometry"
	"volara/nd"
)

// TestCantor compares with funlib.math.cantor_number.
func TestCantor(t *testing.T) {
	for _, c := range []struct {
		at   geometry.Coordinate
		want uint64
	}{
		{geometry.Coordinate{0}, 0}, {geometry.Coordinate{7}, 7}, {geometry.Coordinate{0, 0}, 0}, {geometry.Coordinate{3, 4}, 31},
		{geometry.Coordinate{0, 1, 0}, 2}, {geometry.Coordinate{1, 0, 0}, 3}, {geometry.Coordinate{1, 1, 0}, 8}, {geometry.Coordinate{2, 3, 4}, 182},
		{geometry.Coordinate{10, 20, 30}, 38295}, {geometry.Coordinate{5, 0, 2, 1}, 434}, {geometry.Coordinate{1, 2, 3, 4, 5}, 12406},
		{geometry.Coordinate{1 << 40, 1 << 40, 1 << 40}, math.MaxUint64 - 1},
	} {
		if got := cantor(c.at); got != c.want {
			t.Errorf("%v is %d, want %d", c.at, got, c.want)
		}
	}
}

// TestMarks is the type and the numbers of done marks: as daisy counts, from the corner of what the first block reads.
func TestMarks(t *testing.T) {
	grid := func(shape, block, context int) geometry.Grid {
		g, err := geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{-8, 8}, geometry.Fill(2, shape)), geometry.Fill(2, block), geometry.Fill(2, context),
			geometry.Fill(2, 0), geometry.FitShrink)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for _, c := range []struct {
		grid geometry.Grid
		want nd.DType
		last uint64
	}{
		{grid(8, 4, 0), nd.Uint8, 5},
		{grid(8, 4, 9), nd.Uint8, 25},
		{grid(7, 4, 0), nd.Uint8, 5},
		{grid(100, 4, 0), nd.Uint16, 1201},
		{grid(4000, 4, 0), nd.Uint32, 1998001},
	} {
		if got := marksType(c.grid); got != c.want {
			t.Errorf("%v: %v, want %v", c.grid.Counts(), got, c.want)
		}
		if got := markOf(c.grid, c.grid.Len()-1); got != c.last {
			t.Errorf("%v: the last block is %d, want %d", c.grid.Counts(), got, c.last)
		}
	}
	mark := nd.New(nd.Uint8, 1)
	if setMark(mark, 1000); mark.Bytes()[0] != 255 {
		t.Errorf("a large number becomes %d", mark.Bytes()[0])
	}
}
