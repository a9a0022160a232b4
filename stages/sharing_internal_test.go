package stages

import (
	"strings"
	"testing"

	"volara/geometry"
)

func TestSharing(t *testing.T) {
	for _, c := range []struct {
		name                  string
		total, block          geometry.Coordinate // in voxels
		files, inner, chosen  geometry.Coordinate // chosen: the dataset's own chunks
		mode                  WriteMode
		shared                bool
		wants, unwanted, fits string
	}{
		{name: "a file a block", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{8, 32}},
		{name: "files a block", total: geometry.Coordinate{33, 65}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{4, 16}},
		{name: "one block", total: geometry.Coordinate{8, 30}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{64, 30}},
		{name: "one block along the axis", total: geometry.Coordinate{32, 30}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{8, 30}},
		{name: "larger files", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{16, 32}, shared: true,
			wants: "share chunks of (16, 32)", fits: "(16, 32) would do as block_size, and", unwanted: "as chunks"},
		{name: "files across blocks", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{8, 24},
			chosen: geometry.Coordinate{8, 24}, shared: true, wants: "share chunks of (8, 24)", fits: "(8, 24) would do as block_size, or (8, 16) as chunks"},
		{name: "shards", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{32, 64},
			inner: geometry.Coordinate{8, 32}, shared: true, wants: "share shards of (32, 64)", fits: "(32, 64) would do"},
		{name: "turns", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{32, 64}, mode: WriteLocked, shared: true},
		{name: "no turns needed", total: geometry.Coordinate{32, 64}, block: geometry.Coordinate{8, 32}, files: geometry.Coordinate{8, 32}, mode: WriteLocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			zero := geometry.Coordinate{0, 0}
			grid, err := geometry.NewGrid(geometry.NewRoi(zero, c.total), c.block, zero, zero, geometry.FitShrink)
			if err != nil {
				t.Fatal(err)
			}
			if c.inner == nil {
				c.inner = c.files
			}
			out := ArraySpec{Chunks: c.files, Inner: c.inner}
			err = checkSharing(&Dataset{Store: "out.zarr", Chunks: c.chosen, Write: c.mode}, &out, grid, c.block)
			if out.Shared != c.shared || (err != nil) != (c.wants != "") {
				t.Fatalf("shared: %v, %v", out.Shared, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.wants) || !strings.Contains(err.Error(), c.fits) || c.unwanted != "" && strings.Contains(err.Error(), c.unwanted)) {
				t.Error(err)
			}
		})
	}
}
