package zarr

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"volara/fault"
)

func TestUnits(t *testing.T) {
	const tyx = `{"axis_names": ["t", "c", "y", "x"], "types": ["time", "channel", "space", "space"], "units": ["s", "µm", "um"], "voxel_size": [0.5, 0.0085, 0.004], "offset": [1, -0.017, 2]}`
	for _, c := range []struct{ unit, want string }{
		{"", `[0.5 0.0085 0.004] [1 -0.017 2] [t c y x] ["s" "" "µm" "um"] [time channel space space] 1`},
		{"nm", `[0.5 8.5 4] [1 -17 2000] [t c y x] ["s" "" "nanometer" "nanometer"] [time channel space space] 1`},
		{"angstrom", `[0.5 85 40] [1 -170 20000] [t c y x] ["s" "" "angstrom" "angstrom"] [time channel space space] 1`},
		{"millisecond", `[500 0.0085 0.004] [1000 -0.017 2] [t c y x] ["millisecond" "" "µm" "um"] [time channel space space] 1`},
	} {
		if s, err := spatialOf(t, 4, tyx, Overrides{Unit: c.unit}); err != nil || s.summary() != c.want {
			t.Errorf("%q:\n got %s, %v\nwant %s", c.unit, s.summary(), err, c.want)
		}
	}
	for attrs, want := range map[string]string{
		`{"voxel_size": [1, 1]}`: "no unit is given", `{"units": ["nm", "pixel"]}`: "pixel", `{"units": ["nm", "s"]}`: "different things",
		`{"units": ["km", "km"], "voxel_size": [1, 1e10]}`: "out of range",
	} {
		if s, err := spatialOf(t, 2, attrs, Overrides{Unit: "nm"}); !fault.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", attrs, s, err, want)
		}
	}
	if _, err := spatialOf(t, 2, `{}`, Overrides{Unit: "cubit"}); err == nil || !strings.Contains(err.Error(), "cubit") {
		t.Error(err)
	}
}

func TestAttributesAs(t *testing.T) {
	s, err := spatialOf(t, 3, `{"voxel_size": [40, 4], "offset": [1, 2], "units": ["nm", "nm"]}`, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	names := AttributeNames{VoxelSize: "resolution", Offset: "start"}
	text, err := json.Marshal(s.AttributesAs(names))
	if err != nil {
		t.Fatal(err)
	}
	again, err := spatialOf(t, 3, string(text), Overrides{Names: names})
	if err != nil || fmt.Sprint(again.VoxelSize, again.Offset) != "[40 4] [1 2]" || !strings.Contains(string(text), `"start":[1,2]`) {
		t.Errorf("%s: %s, %v", text, again.summary(), err)
	}
}
