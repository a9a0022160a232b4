package stages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/config"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// writeImage writes an image of two levels, 4 and 8 nm, in micrometers, with attributes that only a configuration knows.
func writeImage(t *testing.T, dir string) {
	t.Helper()
	n, err := store.Open(t.Context(), dir, store.Options{LocalOptions: store.LocalOptions{Create: true}})
	if err != nil {
		t.Fatal(err)
	}
	image := ngff.Image{Axes: []ngff.Axis{{Name: "y", Type: "space", Unit: "micrometer"}, {Name: "x", Type: "space", Unit: "micrometer"}}}
	for i, size := range []float64{0.004, 0.008} {
		path := fmt.Sprintf("s%d", i)
		if _, err := zarr.Create(t.Context(), filepath.Join(dir, path), zarr.Spec{Shape: []int{16 >> i, 16 >> i}, Chunks: []int{8, 8}, DType: nd.Uint8,
			Attributes: map[string]any{"my_size": []float64{20, 30}}}); err != nil {
			t.Fatal(err)
		}
		image.Levels = append(image.Levels, ngff.Level{Path: path, Scale: []float64{size, size}, Translation: []float64{0.016, float64(i) * size}})
	}
	if err := ngff.WriteImage(t.Context(), n, 3, image); err != nil {
		t.Fatal(err)
	}
}

// bindDataset decodes and binds a dataset, as a file beside it has it.
func bindDataset(t *testing.T, dir, text string) (*Dataset, error) {
	t.Helper()
	root, err := config.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d := new(Dataset)
	if err := root.Decode(d); err != nil {
		return nil, err
	}
	names, err := LoadAttributeNames(dir)
	if err != nil {
		return nil, err
	}
	b := &Binder{Base: dir, Named: Named{AttributeNames: names}}
	b.ReadArray("in", d, TypeRaw)
	if len(b.Errs) > 0 {
		return nil, b.Errs[0]
	}
	return d, nil
}

func TestDatasetLevel(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "em.zarr"))
	for text, want := range map[string]string{
		`{store: em.zarr, world_unit: nanometer}`:                                           "em.zarr [16 16] (4, 4) (16, 0)",
		`{store: em.zarr, level: 1, world_unit: nm}`:                                        "em.zarr/s1 [8 8] (8, 8) (16, 8)",
		`{store: em.zarr, level: [0.007, 0.007], world_unit: nm}`:                           "em.zarr/s1 [8 8] (8, 8) (16, 8)",
		`{store: em.zarr, level: {nearest: [5, 5], unit: nanometer}, world_unit: angstrom}`: "em.zarr/s0 [16 16] (40, 40) (160, 0)",
		`{store: em.zarr/s1, world_unit: nanometer}`:                                        "em.zarr/s1 [8 8] (8, 8) (16, 8)",
		`{store: em.zarr, level: 1, attribute_names: {voxel_size: my_size}}`:                "em.zarr/s1 [8 8] (20, 30) (0, 0)",
		`{store: em.zarr, level: 1, world_unit: nm, voxel_size: [1, 1], units: [um, um]}`:   "em.zarr/s1 [8 8] (1000, 1000) (16, 8)",
	} {
		d, err := bindDataset(t, dir, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		spec, err := NewSpecs().Array(t.Context(), d)
		rel, _ := filepath.Rel(dir, spec.Path)
		if got := fmt.Sprint(rel, " ", spec.Shape, " ", spec.VoxelSize, " ", spec.Offset); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
		again, err := json.Marshal(d)
		if err != nil || strings.Contains(string(again), "level") {
			t.Errorf("%s goes to workers as %s, %v", text, again, err)
		}
	}
	for text, want := range map[string]string{
		`{store: em.zarr, level: 2}`:                          "no level 2",
		`{store: em.zarr, level: -1}`:                         "no level -1",
		`{store: em.zarr/s0, level: 0}`:                       "no OME-Zarr image",
		`{store: gone.zarr, level: 0}`:                        "no OME-Zarr image",
		`{store: em.zarr, level: [1]}`:                        "1 numbers for 2 axes",
		`{store: em.zarr, level: fine}`:                       "number of a level",
		`{store: em.zarr, level: {unit: nm}}`:                 "nearest",
		`{store: em.zarr, world_unit: cubit}`:                 "cubit",
		`{store: em.zarr, level: {nearest: [1, 1], unit: s}}`: "different things",
	} {
		if d, err := bindDataset(t, dir, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %q", text, d, err, want)
		}
	}
	if d, err := bindDataset(t, dir, `{store: em.zarr}`); err != nil {
		t.Error(err)
	} else if _, err := NewSpecs().Array(t.Context(), d); err == nil || !strings.Contains(err.Error(), "world_unit") {
		t.Errorf("a voxel size of 0.004: %v", err)
	}
}

func TestLevelIsRead(t *testing.T) {
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "em.zarr"))
	d := &Dataset{Store: "em.zarr", Level: &Level{Index: 1}}
	b := &Binder{Base: dir}
	if b.WriteArray("out", d, TypeRaw); len(b.Errs) == 0 || !strings.Contains(b.Errs[0].Error(), "level of an image") {
		t.Errorf("written: %v", b.Errs)
	}
	for _, l := range []Level{{Index: 3}, {Nearest: []float64{1, 2.5}}, {Nearest: []float64{4}, Unit: "nm"}} {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		root, err := config.Parse("f", text)
		if err != nil {
			t.Fatal(err)
		}
		var again Level
		if err := again.DecodeNode(root); err != nil || fmt.Sprint(again) != fmt.Sprint(l) {
			t.Errorf("%s: %+v, %v", text, again, err)
		}
	}
}

// TestAttributeNames reads arrays as funlib.persistence's configuration beside the pipeline names their attributes, and
// writes outputs under both names.
func TestAttributeNames(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "em.zarr"))
	if err := os.WriteFile(filepath.Join(dir, "funlib_persistence.toml"), []byte("voxel_size_attr = 'my_size'\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	d, err := bindDataset(t, dir, `{store: em.zarr/s0}`)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := NewSpecs().Array(t.Context(), d)
	if err != nil || fmt.Sprint(spec.VoxelSize) != "(20, 30)" {
		t.Errorf("%v, %v", spec.VoxelSize, err)
	}
	text, err := json.Marshal(d)
	if err != nil || !strings.Contains(string(text), `"attribute_names":{`) || !strings.Contains(string(text), `"voxel_size":"my_size"`) {
		t.Errorf("%s, %v", text, err)
	}
	spec.AttributeNames = d.AttributeNames
	attributes, err := json.Marshal(spec.creation().Attributes)
	if err != nil || !strings.Contains(string(attributes), `"my_size":[20,30]`) || !strings.Contains(string(attributes), `"voxel_size":[20,30]`) {
		t.Errorf("%s, %v", attributes, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "funlib_persistence.toml"), []byte("voxelsize_attr = 'my_size'\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := bindDataset(t, dir, `{store: em.zarr/s0}`); err == nil || !strings.Contains(err.Error(), "voxelsize_attr") {
		t.Errorf("an unknown setting: %v", err)
	}
}
