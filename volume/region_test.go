package volume_test

import (
	"fmt"
	"strings"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
)

func TestRegions(t *testing.T) {
	// Two channels of 10 × 20 voxels of 4 × 0.5 units, from (8, -1).
	a := stored(t, nd.New(nd.Uint8, 2, 10, 20), zarr.Spec{Chunks: []int{1, 8, 8}, Attributes: map[string]any{
		"axis_names": []string{"c^", "y", "x"}, "voxel_size": []float64{4, 0.5}, "offset": []float64{8, -1}}})
	for _, c := range []struct{ roi, voxels, want string }{
		{"", "", "[0 0 0] [2 10 20]"},
		{"", ":,:,:", "[0 0 0] [2 10 20]"},
		{"", "1,2:5,7:", "[1 2 7] [1 3 13]"},
		{"", "2:5,:3", "[0 2 0] [2 3 3]"},
		{"8:48,-1:9", "", "[0 0 0] [2 10 20]"},
		{"9:13,0:0.5", "", "[0 0 2] [2 2 1]"},
		{"[12:16, 0.3:0.6]", "", "[0 1 2] [2 1 2]"},
		{":12,8.9:", "", "[0 0 19] [2 1 1]"},
		{"-1000:1000,:", "", "[0 0 0] [2 10 20]"},
		{"8:16,:", "0,:,4:9", "[0 0 4] [1 2 5]"},
		{"12.0000000001:15.9999999999,:", "", "[0 1 0] [2 1 20]"},
	} {
		var r volume.Region
		var err error
		if c.roi != "" {
			if r.World, err = volume.ParseWorld(c.roi); err != nil {
				t.Fatal(err)
			}
		}
		if c.voxels != "" {
			if r.Voxels, err = volume.ParseVoxels(c.voxels); err != nil {
				t.Fatal(err)
			}
		}
		b, err := r.Box(a)
		if got := fmt.Sprint(b.Offset, b.Shape); err != nil || got != c.want {
			t.Errorf("roi %q, voxels %q: %s, want %s (%v)", c.roi, c.voxels, got, c.want, err)
		}
	}
	for _, c := range []struct{ roi, voxels, want string }{
		{"", "0:3,:,:", "the array of shape [2 10 20] has 2 there"},
		{"", "5", "1 ranges of voxels"},
		{"", "5:5,:", "is empty"},
		{"", "-1:5,:", "not a number of voxels"},
		{"", "0:1.5,:", "not a number of voxels"},
		{"", ",:", "a range is missing"},
		{"", "10:,:", "has 10 there"},
		{"0:8,:", "", "the array lies from 8 to 48"},
		{"0:8", "", "1 ranges of world units"},
		{"0:NaN,:", "", "not a position"},
		{"5:1e300,:", "", "not a position"},
		{"9:8,:", "", "is empty"},
	} {
		var r volume.Region
		var err error
		if c.roi != "" {
			r.World, err = volume.ParseWorld(c.roi)
		} else {
			r.Voxels, err = volume.ParseVoxels(c.voxels)
		}
		if err == nil {
			_, err = r.Box(a)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("roi %q, voxels %q: %v, want %q", c.roi, c.voxels, err, c.want)
		}
	}
}
