package zarr

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// TestPlaces compares with what funlib.persistence makes of the same attributes; testdata/make_places.py asked it.
func TestPlaces(t *testing.T) {
	data, err := os.ReadFile("testdata/places.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Axes       int
		Attributes json.RawMessage
		Names      map[string]string
		Place      *struct {
			VoxelSize []float64 `json:"voxel_size"`
			Offset    []float64
			AxisNames []string `json:"axis_names"`
			Units     []string
			Types     []string
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		names := AttributeNames{Offset: c.Names["offset"], VoxelSize: c.Names["voxel_size"], AxisNames: c.Names["axis_names"],
			Units: c.Names["units"], Types: c.Names["types"]}
		s, err := spatialOf(t, c.Axes, string(c.Attributes), Overrides{Names: names})
		if err != nil || c.Place == nil {
			if (err == nil) != (c.Place != nil) {
				t.Errorf("%d axes, %s, %v: %+v, %v; want %+v", c.Axes, c.Attributes, c.Names, s, err, c.Place)
			}
			continue
		}
		units := []string{}
		for _, axis := range s.Physical() {
			units = append(units, s.Units[axis])
		}
		got := fmt.Sprintf("%v %v %q %q %q", s.VoxelSize, s.Offset, s.AxisNames, units, s.Types)
		if want := fmt.Sprintf("%v %v %q %q %q", c.Place.VoxelSize, c.Place.Offset, c.Place.AxisNames, c.Place.Units, c.Place.Types); got != want {
			t.Errorf("%d axes, %s, %v:\n got %s\nwant %s", c.Axes, c.Attributes, c.Names, got, want)
		}
	}
}
