package geometry_test

import (
	"pgregory.net/rapid"

	"volara/geometry"
)

// dims draws a number of dimensions, 1 to 4.
func dims(t *rapid.T) int { return rapid.IntRange(1, 4).Draw(t, "dims") }

// coordinate draws n components in [least, most].
func coordinate(t *rapid.T, label string, n, least, most int) geometry.Coordinate {
	return rapid.SliceOfN(rapid.IntRange(least, most), n, n).Draw(t, label)
}

// roi draws a box near the origin, empty ones included.
func roi(t *rapid.T, label string, n int) geometry.Roi {
	return geometry.NewRoi(coordinate(t, label+" offset", n, -12, 12), coordinate(t, label+" shape", n, 0, 14))
}

// points lists the unit cells of a box.
func points(r geometry.Roi) []geometry.Coordinate {
	if r.Empty() {
		return nil
	}
	all := []geometry.Coordinate{{}}
	for d := range r.Dims() {
		var longer []geometry.Coordinate
		for _, p := range all {
			for v := r.Offset[d]; v < r.Offset[d]+r.Shape[d]; v++ {
				longer = append(longer, append(p.Clone(), v))
			}
		}
		all = longer
	}
	return all
}

// bounds returns the smallest box that holds all points, the zero Roi of none.
func bounds(all []geometry.Coordinate) geometry.Roi {
	var box geometry.Roi
	for _, p := range all {
		box = box.Union(geometry.NewRoi(p, geometry.Fill(len(p), 1)))
	}
	return box
}
