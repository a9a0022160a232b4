package zarr

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/fault"
	"volara/zarr/ngff"
)

// spatialOf places an array of so many axes that has the given attributes.
func spatialOf(t testing.TB, dims int, attrs string, o Overrides) (Spatial, error) {
	t.Helper()
	m := &Metadata{Shape: make([]int, dims)}
	if err := json.Unmarshal([]byte(attrs), &m.Attributes); err != nil {
		t.Fatal(err)
	}
	return (&Array{state: &state{meta: m}}).Spatial(o)
}

func (s Spatial) summary() string {
	return fmt.Sprintf("%v %v %v %q %v %d", s.VoxelSize, s.Offset, s.AxisNames, s.Units, s.Types, s.ChannelAxes)
}

// TestSpatial compares with what funlib.persistence makes of the same attributes.
func TestSpatial(t *testing.T) {
	for _, c := range []struct {
		dims  int
		attrs string
		o     Overrides
		want  string
	}{
		{3, `{}`, Overrides{}, `[1 1 1] [0 0 0] [d0 d1 d2] ["" "" ""] [space space space] 0`},
		{4, `{"voxel_size": [40, 4, 4]}`, Overrides{}, `[40 4 4] [0 0 0] [c0^ d0 d1 d2] ["" "" "" ""] [channel space space space] 1`},
		{4, `{"offset": [1, 2], "units": ["nm", "um"]}`, Overrides{}, `[1 1] [1 2] [c0^ c1^ d0 d1] ["" "" "nm" "um"] [channel channel space space] 2`},
		{4, `{"voxel_size": [1, 40, 4, 4], "offset": [0, 400, 40, 40], "axis_names": ["c^", "z", "y", "x"], "units": ["", "nm", "nm", "nm"]}`, Overrides{},
			`[40 4 4] [400 40 40] [c^ z y x] ["" "nm" "nm" "nm"] [channel space space space] 1`},
		{4, `{"types": ["time", "channel", "space", "space"], "voxel_size": [2, 4, 5]}`, Overrides{},
			`[2 4 5] [0 0 0] [d0 c0^ d1 d2] ["" "" "" ""] [time channel space space] 1`},
		{3, `{"types": ["space", "semantic", "space"], "voxel_size": [2, 3, 4], "units": ["a", "b"]}`, Overrides{},
			`[2 4] [0 0] [d0 c0^ d1] ["a" "" "b"] [space semantic space] 1`},
		{3, `{"voxel_size": [40.0, 4.5, 0.5], "offset": [0.0, 1.9, -1.9]}`, Overrides{}, `[40 4.5 0.5] [0 1.9 -1.9] [d0 d1 d2] ["" "" ""] [space space space] 0`},
		{3, `{"resolution": [40, 4, 4]}`, Overrides{}, `[1 1 1] [0 0 0] [d0 d1 d2] ["" "" ""] [space space space] 0`},
		{3, `{"resolution": [40, 4, 4]}`, Overrides{UseResolution: true}, `[40 4 4] [0 0 0] [d0 d1 d2] ["" "" ""] [space space space] 0`},
		{3, `{"voxel_size": null, "units": null}`, Overrides{}, `[1 1 1] [0 0 0] [d0 d1 d2] ["" "" ""] [space space space] 0`},
		{3, `{"voxel_size": "bad", "offset": [1, 1, 1]}`, Overrides{VoxelSize: []float64{2, 2, 2}, AxisNames: []string{"z", "y", "x"}, Units: []string{"nm", "nm", "nm"}},
			`[2 2 2] [1 1 1] [z y x] ["nm" "nm" "nm"] [space space space] 0`},
		{4, `{"axis_names": ["z", "y", "x", "c^"], "voxel_size": [3, 2, 1]}`, Overrides{}, `[3 2 1] [0 0 0] [z y x c^] ["" "" "" ""] [space space space channel] 1`},
		{3, `{"meta": {"vs": [3, 2, 1]}, "axes": [{"o": 1}, {"o": 2}, {"o": 3}], "list": [0, ["a", "b", "c"]]}`,
			Overrides{Names: AttributeNames{VoxelSize: "meta/vs", Offset: "axes/{dim}/o", Units: "list/1"}},
			`[3 2 1] [1 2 3] [d0 d1 d2] ["a" "b" "c"] [space space space] 0`},
		{0, `{}`, Overrides{}, `[] [] [] [] [] 0`},
	} {
		s, err := spatialOf(t, c.dims, c.attrs, c.o)
		if err != nil || s.summary() != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.attrs, s.summary(), err, c.want)
			continue
		}
		written, err := json.Marshal(s.Attributes())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := spatialOf(t, c.dims, string(written), Overrides{}); err != nil || again.summary() != c.want {
			t.Errorf("%s became %s, which gives %s, %v", c.attrs, written, again.summary(), err)
		}
	}
}

func TestBadSpatial(t *testing.T) {
	for _, c := range []struct {
		dims        int
		attrs, want string
	}{
		{3, `{"voxel_size": "x"}`, "voxel_size"},
		{3, `{"voxel_size": [1, "x", 1]}`, "list of numbers"},
		{3, `{"units": [1, 2, 3]}`, "list of strings"},
		{3, `{"voxel_size": [0, 1, 1]}`, "positive"},
		{3, `{"voxel_size": [-1, 1, 1]}`, "positive"},
		{3, `{"voxel_size": [1, 1], "offset": [0, 0, 0]}`, "ambiguous"},
		{3, `{"voxel_size": [1, 1, 1, 1]}`, "more entries"},
		{3, `{"types": ["space", "space"]}`, "one entry for each"},
		{3, `{"axis_names": ["x"]}`, "one entry for each"},
		{3, `{"types": ["space", "space", "channel"], "voxel_size": [1]}`, "voxel_size"},
		{3, `{"offset": [1e300, 0, 0]}`, "out of range"},
		{3, `{"voxel_size": [1, 4611686018427387904, 1]}`, "out of range"},
		{3, `{"voxel_size": [1, 1e300, 1]}`, "out of range"},
	} {
		_, err := spatialOf(t, c.dims, c.attrs, Overrides{})
		if !fault.IsPermanent(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.attrs, err, c.want)
		}
	}
	s, err := spatialOf(t, 3, `{"voxel_size": [40.0, 4.5, 0.5], "offset": [0, 1.9, -1.9]}`, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	voxelSize, offset, warnings, err := s.Rounded()
	if err != nil || fmt.Sprint(voxelSize, offset) != "(40, 5, 1) (0, 2, -2)" || len(warnings) != 4 {
		t.Errorf("%v %v %q %v", voxelSize, offset, warnings, err)
	}
	s.VoxelSize[0] = 0.1
	if _, _, _, err := s.Rounded(); err == nil {
		t.Error("a voxel size of 0.1 was rounded to 0")
	}
}

// writeTree writes files under a new directory.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	imageV04 = `{"multiscales": [{"version": "0.4", "axes": [{"name": "c", "type": "channel"}, {"name": "y", "type": "space", "unit": "micrometer"},
		{"name": "x", "type": "space", "unit": "micrometer"}], "coordinateTransformations": [{"type": "scale", "scale": [1, 2, 2]}],
		"datasets": [{"path": "s/0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.5, 0.25]}, {"type": "translation", "translation": [0, 3, 4]}]},
		{"path": "s/1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.5]}]}]}]}`
	cyx = `{"zarr_format": 2, "shape": [2, 4, 4], "chunks": [1, 2, 2], "dtype": "|u1", "fill_value": 3, "order": "C", "filters": null, "compressor": null}`
)

func TestImage(t *testing.T) {
	dir := writeTree(t, map[string]string{".zgroup": `{"zarr_format": 2}`, ".zattrs": imageV04, "s/0/.zarray": cyx, "s/1/.zarray": cyx})
	for path, want := range map[string]string{
		dir:                          `[1 0.5] [6 8] [c y x] ["" "micrometer" "micrometer"] [channel space space] 1`,
		filepath.Join(dir, "s", "0"): `[1 0.5] [6 8] [c y x] ["" "micrometer" "micrometer"] [channel space space] 1`,
		filepath.Join(dir, "s", "1"): `[2 1] [0 0] [c y x] ["" "micrometer" "micrometer"] [channel space space] 1`,
	} {
		a, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := a.Spatial(Overrides{})
		if err != nil || s.summary() != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", path, s.summary(), err, want)
		}
		if err := a.With().SetAttributes(t.Context(), map[string]any{}); err != nil {
			t.Fatal(err)
		}
	}
	a, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Spatial(Overrides{VoxelSize: []float64{7, 7}})
	if err != nil || s.VoxelSize[0] != 7 || s.Offset[0] != 6 {
		t.Errorf("overridden: %s, %v", s.summary(), err)
	}
	if err := a.SetAttributes(t.Context(), map[string]any{"voxel_size": []int{9, 9}}); err != nil {
		t.Fatal(err)
	}
	if s, err := a.Spatial(Overrides{}); err != nil || s.VoxelSize[0] != 9 || s.Offset[0] != 0 {
		t.Errorf("the array's own attributes: %s, %v", s.summary(), err)
	}
}

func TestBadImage(t *testing.T) {
	image := func(edit ...string) string { return strings.NewReplacer(edit...).Replace(imageV04) }
	for name, c := range map[string]struct{ attrs, want string }{
		"no level":       {image(`"s/0"`, `"s/7"`), "s/7"},
		"outside":        {image(`"s/0"`, `"../x"`), "within the image"},
		"absolute":       {image(`"s/0"`, `"/etc"`), "within the image"},
		"transform":      {image(`"translation", "translation"`, `"affine", "affine"`), "affine"},
		"file":           {image(`"scale": [1, 0.5, 0.25]`, `"path": "scale.bin"`), "scale.bin"},
		"no datasets":    {`{"multiscales": [{"datasets": []}]}`, "datasets"},
		"not a list":     {`{"multiscales": {}}`, "OME-Zarr"},
		"axes":           {image(`{"name": "c", "type": "channel"}, `, ``), "axes"},
		"lengths":        {image(`[1, 2, 2]`, `[1, 2]`), "axes"},
		"later versions": {image(`"version": "0.4"`, `"version": "0.6", "coordinateSystems": []`), "0.5"},
	} {
		dir := writeTree(t, map[string]string{".zgroup": `{"zarr_format": 2}`, ".zattrs": c.attrs, "s/0/.zarray": cyx})
		direct, err := Open(t.Context(), filepath.Join(dir, "s", "0"))
		if err != nil {
			t.Errorf("%s: the level itself: %v", name, err)
			continue
		}
		if s, err := direct.Spatial(Overrides{}); err == nil && s.VoxelSize[1] != 1 {
			t.Errorf("%s: the level itself: %+v", name, s)
		} else if err == nil && len(s.Warnings) == 0 && strings.Contains(c.attrs, `"s/0"`) {
			t.Errorf("%s: the level itself is placed without a warning", name)
		}
		a, err := Open(t.Context(), dir)
		if err == nil {
			_, err = a.Spatial(Overrides{})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestLoadAttributeNames(t *testing.T) {
	home := writeTree(t, map[string]string{".config/funlib_persistence/funlib_persistence.toml": "offset_attr = 'home'\nunits_attr = 'home'"})
	t.Setenv("HOME", home)
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{nil, "{home voxel_size axis_names home types}"},
		{map[string]string{"funlib_persistence.toml": "voxel_size_attr = 'resolution'\noffset_attr = 'here'"}, "{here resolution axis_names home types}"},
		{map[string]string{"funlib_persistence.toml": "offset_attr = 'here'", "pyproject.toml": "[project]\nname = 'x'\n[tool.other]\na = 1\n[tool.funlib_persistence]\noffset_attr = 'project'"},
			"{project voxel_size axis_names home types}"},
		{map[string]string{"pyproject.toml": "[project]\nname = 'x'"}, "{home voxel_size axis_names home types}"},
	} {
		names, err := LoadAttributeNames(writeTree(t, c.files))
		if err != nil || fmt.Sprint(names) != c.want {
			t.Errorf("%v: %v, %v; want %s", c.files, names, err, c.want)
		}
	}
	for name, content := range map[string]string{
		"funlib_persistence.toml": "ofset_attr = 'x'", "pyproject.toml": "[tool.funlib_persistence]\nofset_attr = 'x'",
	} {
		dir := writeTree(t, map[string]string{name: content})
		if _, err := LoadAttributeNames(dir); err == nil || !strings.Contains(err.Error(), "ofset_attr") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSpatial(f *testing.F) {
	f.Add(3, `{"voxel_size": [4, 4, 4], "types": ["space", "channel", "space"], "axis_names": ["z", "c^", "x"]}`, imageV04)
	f.Add(2, `{"offset": [1e308, 2], "units": ["nm", null], "resolution": [1, 2]}`, `{"attributes": {"ome": {"multiscales": []}}}`)
	f.Fuzz(func(t *testing.T, dims int, attrs, image string) {
		m := &Metadata{Shape: make([]int, min(max(dims, 0), 8))}
		if unmarshal([]byte(attrs), &m.Attributes) != nil {
			return
		}
		var l *ngff.Level
		if g, _ := ngff.Parse("f", []byte(image)); g != nil {
			if m, _ := g.Image(); m != nil {
				l, _ = m.Level(0)
			}
		}
		a := &Array{state: &state{meta: m}, level: l}
		for _, o := range []Overrides{{}, {UseResolution: true}, {Names: AttributeNames{Offset: "a/{dim}/b", Units: "a/0"}}} {
			s, err := a.Spatial(o)
			if err != nil {
				continue
			}
			if len(s.VoxelSize) != len(s.Offset) || len(s.VoxelSize)+s.ChannelAxes != len(m.Shape) || len(s.Physical()) != len(s.Offset) ||
				len(s.AxisNames) != len(m.Shape) || len(s.Units) != len(m.Shape) || len(s.Types) != len(m.Shape) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// TestVolaraStores reads what Volara and ome-zarr-py wrote, where it has been fetched.
func TestVolaraStores(t *testing.T) {
	if _, err := os.Stat(conformanceDir); err != nil {
		t.Log("no conformance data; the other tests stand alone")
		return
	}
	for path, want := range map[string]string{
		"volara/v2.zarr/affs":                                `[8 8 8] [80 0 40] [c^ z y x] ["" "nm" "nm" "nm"] [channel space space space] 1 uint8 [4 40 50 60]`,
		"volara/v3.zarr/affs":                                `[8 8 8] [80 0 40] [c^ z y x] ["" "nm" "nm" "nm"] [channel space space space] 1 uint8 [4 40 50 60]`,
		"volara/v2.zarr/lsds":                                `[8 8 8] [80 0 40] [c^ z y x] ["" "nm" "nm" "nm"] [channel space space space] 1 float16 [10 40 50 60]`,
		"volara/v3.zarr/labels":                              `[8 8 8] [80 0 40] [z y x] ["nm" "nm" "nm"] [space space space] 0 uint64 [40 50 60]`,
		"volara/defaults.zarr":                               `[1 1 1] [0 0 0] [d0 d1 d2] ["" "" ""] [space space space] 0 float32 [40 50 60]`,
		"volara/defaults4.zarr":                              `[4 5 6] [1 2 3] [c0^ d0 d1 d2] ["" "" "" ""] [channel space space space] 1 float32 [2 40 50 60]`,
		"volara/ch.zarr":                                     `[40 4 4] [400 40 40] [c^ z y x] ["" "nm" "nm" "nm"] [channel space space space] 1 uint8 [2 10 10 10]`,
		"volara/ch2.zarr":                                    `[40 4 4] [0 0 0] [c0^ d0 d1 d2] ["" "" "" ""] [channel space space space] 1 uint8 [2 10 10 10]`,
		"volara/fl.zarr":                                     `[40 4.5 0.5] [0 1.9 -1.9] [d0 d1 d2] ["" "" ""] [space space space] 0 uint8 [10 10 10]`,
		"volara/legacy.zarr":                                 `[1 1 1] [400 40 40] [d0 d1 d2] ["" "" ""] [space space space] 0 uint8 [10 10 10]`,
		"ome-zarr-py-real/fib25_0.4.ome.zarr":                `[10 10 10] [0 0 0] [z y x] ["nanometer" "nanometer" "nanometer"] [space space space] 0 uint8 [128 128 128]`,
		"ome-zarr-py-real/fib25_0.5.ome.zarr":                `[10 10 10] [0 0 0] [z y x] ["nanometer" "nanometer" "nanometer"] [space space space] 0 uint8 [128 128 128]`,
		"ome-zarr-py-real/fib25_0.5.ome.zarr/s1":             `[20 20 20] [5 5 5] [z y x] ["nanometer" "nanometer" "nanometer"] [space space space] 0 uint8 [64 64 64]`,
		"ome-zarr-py-real/fib25_0.4.ome.zarr/labels/neurons": "",
	} {
		a, err := Open(t.Context(), filepath.Join(conformanceDir, path))
		if err != nil {
			t.Error(err)
			continue
		}
		m := a.Metadata()
		s, err := a.Spatial(Overrides{})
		if got := fmt.Sprintf("%s %v %v", s.summary(), m.DType, m.Shape); err != nil || want != "" && got != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", path, got, err, want)
		}
		if _, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]string{
		"volara/v2.zarr/affs":                    "73c7ebfa71a111677bb405bc6da10a41f8e9176e2661d64c7c7eb19eac8874b2",
		"volara/v3.zarr/affs":                    "022105585c36ddc101793837b9e2e5d001ec06ad544f221bef82212b8e19dcee",
		"volara/v2.zarr/labels":                  "10180da09ef961a7ca7412c26e56ceccc731ce3d5b70fdf3c127f9eb3291de1c",
		"volara/v3.zarr/labels":                  "a1508cefa617ab4930da21d722282718f40fe0a0ccaba2d2e51f9b1e05bd8198",
		"volara/v2.zarr/raw":                     "baf1862a3e57a773bc10ba4920cffaa69d698720cf8c6ae105ae307533ba5a29",
		"volara/v3.zarr/raw":                     "baf1862a3e57a773bc10ba4920cffaa69d698720cf8c6ae105ae307533ba5a29",
		"volara/v3.zarr/lsds":                    "2a638511358c57fd3502715df9f97f6be12b5bea719df0dc39185e291832cce8",
		"ome-zarr-py-real/fib25_0.4.ome.zarr/s0": "824cdf919b31ef833f8314665d68d260f453125fd089c752becec498d7e9596f",
		"ome-zarr-py-real/fib25_0.5.ome.zarr":    "824cdf919b31ef833f8314665d68d260f453125fd089c752becec498d7e9596f",
	} {
		if got := sumOf(t, filepath.Join(conformanceDir, path)); got != want {
			t.Errorf("%s: sha256 %s, want %s", path, got, want)
		}
	}
}

// readAll returns all voxels of an array.
func readAll(t *testing.T, path string) []byte {
	t.Helper()
	a, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	m := a.Metadata()
	v, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape)
	if err != nil {
		t.Fatal(err)
	}
	return v.Bytes()
}
