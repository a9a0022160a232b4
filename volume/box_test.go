package volume_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/volume"
)

// number returns a voxel's place in C order.
func number(shape, at []int) int {
	n := 0
	for d, stride := range nd.Strides(shape) {
		n += at[d] * stride
	}
	return n
}

// voxels lists the places of a box's voxels in C order.
func voxels(shape []int, b volume.Box) []int {
	var list []int
	for i := range b.Len() {
		at := slices.Clone(b.Offset)
		for d := len(at) - 1; d >= 0; d-- {
			at[d] += i % b.Shape[d]
			i /= b.Shape[d]
		}
		list = append(list, number(shape, at))
	}
	return list
}

func TestTilesCoverTheBoxOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, tile := drawShape(t)
		b := drawBox(t, shape)
		var got []int
		n := 0
		for piece := range b.Tiles(tile) {
			if piece.Empty() {
				t.Fatalf("an empty piece %v", piece)
			}
			got = append(got, voxels(shape, piece)...)
			n++
		}
		if n != b.TileCount(tile) {
			t.Fatalf("%d pieces, TileCount says %d", n, b.TileCount(tile))
		}
		slices.Sort(got)
		if want := voxels(shape, b); !slices.Equal(got, want) {
			t.Fatalf("%v in tiles of %v: %v, want %v", b, tile, got, want)
		}
	})
}

func TestRowsFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, piece := drawShape(t)
		b := volume.Whole(shape)
		most := rapid.IntRange(1, 60).Draw(t, "most")
		var got []int
		for row := range b.Rows(piece, most) {
			got = append(got, voxels(shape, row)...)
			if row.Len() > most {
				t.Fatalf("%v of %v has more than %d voxels", row, shape, most)
			}
		}
		if want := voxels(shape, b); !slices.Equal(got, want) {
			t.Fatalf("%v in rows of %v, at most %d: %v", shape, piece, most, got)
		}
	})
}

func TestGrowKeepsWholePieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, piece := drawShape(t)
		b := drawBox(t, shape)
		most := rapid.IntRange(1, 500).Draw(t, "most")
		var frozen []int
		if len(shape) > 0 && rapid.Bool().Draw(t, "frozen") {
			frozen = []int{0}
		}
		tile := volume.Grow(piece, b, most, frozen)
		for d := range tile {
			if slices.Contains(frozen, d) {
				if tile[d] != 1 {
					t.Fatalf("%v along a frozen axis", tile)
				}
			} else if tile[d]%piece[d] != 0 {
				t.Fatalf("%v does not hold whole pieces of %v", tile, piece)
			}
		}
	})
}
