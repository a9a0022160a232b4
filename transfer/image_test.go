package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/pyjson"
	"volara/zarr/store"
	"volara/zarr/validate"
)

// image writes an image of two levels with a label image, of OME-NGFF 0.4 in zarr v2.
func image(t *testing.T, root string) {
	t.Helper()
	scale := func(v string, more string) string {
		return fmt.Sprintf(`{"type": "scale", "scale": [1, %s]}%s`, v, more)
	}
	multiscales := func(name, second string) string {
		return fmt.Sprintf(`"multiscales": [{"version": "0.4", "name": %q, "axes": [{"name": "c", "type": "channel"}, {"name": "y", "type": "space", "unit": "nanometer"},
			{"name": "x", "type": "space", "unit": "nanometer"}], "datasets": [{"path": "0", "coordinateTransformations": [%s]},
			{"path": "deep/1", "coordinateTransformations": [%s]}]}]`, name, scale("4, 2", ""), second)
	}
	second := scale("8, 4", `, {"type": "translation", "translation": [0, 2, 1]}`)
	put(t, filepath.Join(root, ".zgroup"), `{"zarr_format": 2}`)
	put(t, filepath.Join(root, ".zattrs"), `{"lab": "ours", `+multiscales("em", second)+`,
		"omero": {"channels": [{"color": "FF0000", "window": {"start": 0, "end": 1, "min": 0, "max": 1}}, {"color": "00FF00", "window": {"start": 0, "end": 1, "min": 0, "max": 1}}]}}`)
	put(t, filepath.Join(root, "notes.txt"), "by hand")
	put(t, filepath.Join(root, "labels", ".zgroup"), `{"zarr_format": 2}`)
	put(t, filepath.Join(root, "labels", ".zattrs"), `{"labels": ["cells"]}`)
	put(t, filepath.Join(root, "labels", "cells", ".zgroup"), `{"zarr_format": 2}`)
	put(t, filepath.Join(root, "labels", "cells", ".zattrs"), `{"image-label": {"version": "0.4"}, `+multiscales("cells", second)+`}`)
	for i, dir := range []string{root, filepath.Join(root, "labels", "cells")} {
		dtype, channels := nd.Uint8, 2
		if i == 1 {
			dtype, channels = nd.Uint32, 1
		}
		for level, n := range map[string]int{"0": 16, "deep/1": 8} {
			shape := []int{channels, n, n}
			spec := zarr.Spec{Format: 2, Shape: shape, Chunks: []int{1, 4, 4}, DType: dtype}
			write(t, filepath.Join(dir, level), spec, random(uint64(n+i), dtype, shape), []int{0, 0, 0})
		}
	}
}

// valid demands that a group follows OME-NGFF.
func valid(t *testing.T, root, version string) {
	t.Helper()
	n, err := store.Open(context.Background(), root, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := validate.Node(context.Background(), n, validate.Options{})
	if text, _ := json.MarshalIndent(r, "", " "); err != nil || !r.Valid || r.Version != version {
		t.Errorf("%s: %v\n%s", root, err, text)
	}
}

func TestImagesBetweenFormats(t *testing.T) {
	dir := t.TempDir()
	src, v3, v2 := filepath.Join(dir, "src"), filepath.Join(dir, "v3"), filepath.Join(dir, "v2")
	image(t, src)
	valid(t, src, "0.4")
	for _, c := range []struct {
		src, dst string
		format   int
		version  string
	}{{src, v3, 3, "0.5"}, {v3, v2, 2, "0.4"}} {
		if err := cp(c.src, c.dst, Options{Format: c.format}); err != nil {
			t.Fatal(err)
		}
		valid(t, c.dst, c.version)
		valid(t, filepath.Join(c.dst, "labels", "cells"), c.version)
		for _, level := range []string{"0", "deep/1", "labels/cells/0", "labels/cells/deep/1"} {
			a, b := open(t, filepath.Join(src, level)), open(t, filepath.Join(c.dst, level))
			sameVoxels(t, contents(t, b), contents(t, a))
			p, _ := a.Spatial(zarr.Overrides{})
			q, err := b.Spatial(zarr.Overrides{})
			if err != nil || fmt.Sprint(p) != fmt.Sprint(q) {
				t.Errorf("%s: %+v, want %+v (%v)", level, q, p, err)
			}
		}
		if note, err := os.ReadFile(filepath.Join(c.dst, "notes.txt")); err != nil || string(note) != "by hand" {
			t.Errorf("%q %v", note, err)
		}
		n, err := volume.Find(context.Background(), c.dst)
		if err != nil || string(n.Attributes["lab"]) != `"ours"` {
			t.Errorf("%s %v", n.Attributes["lab"], err)
		}
	}
}

// TestLabelsKeepTheirType converts an image: its labels come along as they are, unless they are named themselves.
func TestLabelsKeepTheirType(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	image(t, src)
	fill := "7.5"
	for name, o := range map[string]Options{
		"wrap":     {DType: nd.Int8, Cast: Wrap},
		"float":    {DType: nd.Float32, Format: 3, Fill: &fill},
		"saturate": {DType: nd.Uint8, Cast: Saturate, Region: region(t, "", "12:40,4:24")},
	} {
		dst := filepath.Join(dir, name)
		if err := cp(src, dst, o); err != nil {
			t.Fatal(name, err)
		}
		version := map[int]string{0: "0.4", 3: "0.5"}[o.Format]
		valid(t, dst, version)
		valid(t, filepath.Join(dst, "labels", "cells"), version)
		if got := open(t, filepath.Join(dst, "0")).DType(); got != o.DType {
			t.Errorf("%s: the image is %v", name, got)
		}
		if o.Region.IsZero() {
			sameVoxels(t, contents(t, open(t, filepath.Join(dst, "labels/cells/0"))), contents(t, open(t, filepath.Join(src, "labels/cells/0"))))
		}
	}
	for _, part := range []string{"labels", "labels/cells"} {
		dst := filepath.Join(dir, "alone", part, "x")
		if err := cp(filepath.Join(src, part), dst, Options{DType: nd.Uint16, Cast: Wrap}); err != nil {
			t.Fatal(err)
		}
		level, _ := filepath.Rel(part, "labels/cells/0")
		if got := open(t, filepath.Join(dst, level)).DType(); got != nd.Uint16 {
			t.Errorf("%s: %v", part, got)
		}
		err := cp(filepath.Join(src, part), filepath.Join(dir, "new"), Options{DType: nd.Float32})
		if err == nil || !volume.IsInput(err) {
			t.Errorf("%s as floats: %v", part, err)
		}
	}
}

// TestLinksAstray copies a group with links that cannot be followed, or that lead back into it.
func TestLinksAstray(t *testing.T) {
	dir := t.TempDir()
	src, dst, data := filepath.Join(dir, "src"), filepath.Join(dir, "dst"), filepath.Join(dir, "data")
	image(t, src)
	put(t, filepath.Join(data, "notes.txt"), "elsewhere")
	for link, target := range map[string]string{"loop": "loop", "labels/up": "../..", "here": ".", "gone": "nowhere", "deep/notes": filepath.Join(data, "notes.txt")} {
		if err := os.Symlink(target, filepath.Join(src, link)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Plan(context.Background(), src, dst, Options{Limits: limits()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := c.Warnings(); len(got) != 4 {
		t.Errorf("warnings: %q", got)
	}
	if text, err := os.ReadFile(filepath.Join(dst, "deep", "notes")); err != nil || string(text) != "elsewhere" {
		t.Errorf("%q %v", text, err)
	}
	if !strings.Contains(strings.Join(c.Warnings(), "\n"), "loop is a link that leads round in circles") {
		t.Errorf("%q", c.Warnings())
	}
	valid(t, dst, "0.4")
	if found, _ := filepath.Glob(filepath.Join(dst, "labels", "[a-z]*")); len(found) != 1 {
		t.Errorf("%v", found)
	}
}

func TestCroppedImages(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	image(t, src)
	for name, r := range map[string]volume.Region{"roi": region(t, "", "12:40,4:24"), "voxels": region(t, "3:10,2:12", "")} {
		dst := filepath.Join(dst, name)
		if err := cp(src, dst, Options{Region: r}); err != nil {
			t.Fatal(err)
		}
		valid(t, dst, "0.4")
		for _, level := range []struct {
			path           string
			voxels, offset []int
			place          []float64
		}{
			{"0", []int{7, 10}, []int{3, 2}, []float64{12, 4}},
			{"labels/cells/0", []int{7, 10}, []int{3, 2}, []float64{12, 4}},
			{"deep/1", []int{4, 6}, []int{1, 0}, []float64{10, 1}},
		} {
			a, b := open(t, filepath.Join(src, level.path)), open(t, filepath.Join(dst, level.path))
			shape := append([]int{a.Shape()[0]}, level.voxels...)
			sameVoxels(t, contents(t, b), contents(t, a).Crop(append([]int{0}, level.offset...), shape))
			place, err := b.Spatial(zarr.Overrides{})
			if err != nil || !slices.Equal(place.Offset, level.place) {
				t.Errorf("%s: offset %v, want %v (%v)", level.path, place.Offset, level.place, err)
			}
		}
	}
}

// TestCroppedImagesOfPlacedArrays crops an image of which the finest level says itself where it is, as funlib.persistence
// writes arrays: both places follow. The other level is placed by the image alone.
func TestCroppedImagesOfPlacedArrays(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	image(t, src)
	put(t, filepath.Join(src, "0", ".zattrs"), `{"voxel_size": [4, 2], "offset": [0, 0], "axis_names": ["c^", "y", "x"], "units": ["nm", "nm"]}`)
	for _, format := range []int{2, 3} {
		dst := filepath.Join(dir, fmt.Sprint("v", format))
		if err := cp(src, dst, Options{Region: region(t, "", "12:40,4:24"), Format: format}); err != nil {
			t.Fatal(err)
		}
		valid(t, dst, map[int]string{2: "0.4", 3: "0.5"}[format])
		for level, want := range map[string][]float64{"0": {12, 4}, "deep/1": {10, 1}, "labels/cells/0": {12, 4}} {
			a := open(t, filepath.Join(dst, level))
			place, err := a.Spatial(zarr.Overrides{})
			if err != nil || !slices.Equal(place.Offset, want) || !slices.Equal(a.Level().Translation[1:], want) {
				t.Errorf("%s: offset %v, translation %v, want %v (%v)", level, place.Offset, a.Level().Translation, want, err)
			}
			if owned := hasPlace(a.Metadata().Attributes); owned != (level == "0") {
				t.Errorf("%s: attributes %s", level, a.Metadata().Attributes)
			}
		}
	}
}

// TestLevelsWithoutTheirImage copies a folder below an image: its arrays say themselves where they are.
func TestLevelsWithoutTheirImage(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	image(t, src)
	if err := cp(filepath.Join(src, "deep"), dst, Options{Region: region(t, "", "12:40,4:24")}); err != nil {
		t.Fatal(err)
	}
	place, err := open(t, filepath.Join(dst, "1")).Spatial(zarr.Overrides{})
	if err != nil || !slices.Equal(place.Offset, []float64{10, 1}) || !slices.Equal(place.VoxelSize, []float64{8, 4}) {
		t.Errorf("%+v %v", place, err)
	}
}

// TestLevelsAlone copies levels of an image as arrays, which then say themselves where they are.
func TestLevelsAlone(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	image(t, src)
	one := 1
	for name, c := range map[string]struct {
		src string
		o   Options
	}{"by number": {src, Options{Level: &one}}, "by path": {filepath.Join(src, "deep", "1"), Options{}}} {
		dst := filepath.Join(dir, name)
		c.o.Region = region(t, "1:2,4:8,2:3", "")
		if err := cp(c.src, dst, c.o); err != nil {
			t.Fatal(err)
		}
		b := open(t, dst)
		place, err := b.Spatial(zarr.Overrides{})
		if err != nil || !slices.Equal(place.Offset, []float64{34, 9}) || !slices.Equal(place.VoxelSize, []float64{8, 4}) || place.ChannelAxes != 1 || place.Units[1] != "nanometer" {
			t.Errorf("%s: %+v %v", name, place, err)
		}
		sameVoxels(t, contents(t, b), contents(t, open(t, filepath.Join(src, "deep", "1"))).Crop([]int{1, 4, 2}, []int{1, 4, 1}))
	}
}

// TestChunksOfAnImage gives chunks for the image's axes; its labels have one less.
func TestChunksOfAnImage(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	image(t, src)
	flat := filepath.Join(src, "labels", "cells", "0")
	if err := os.RemoveAll(flat); err != nil {
		t.Fatal(err)
	}
	write(t, flat, zarr.Spec{Format: 2, Shape: []int{16, 16}, Chunks: []int{4, 4}, DType: nd.Uint32}, nil, nil)
	if err := cp(src, dst, Options{Chunks: []int{2, 3, 5}}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]int{"0": {2, 3, 5}, "labels/cells/0": {3, 5}, "labels/cells/deep/1": {2, 3, 5}} {
		if m := open(t, filepath.Join(dst, path)).Metadata(); !slices.Equal(m.Chunks, want) {
			t.Errorf("%s: chunks %v, want %v", path, m.Chunks, want)
		}
	}
}

func TestShifts(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{`[{"type": "scale", "scale": [2, 3]}]`, `[{"scale":[2,3],"type":"scale"},{"translation":[10,21],"type":"translation"}]`},
		{`[{"type": "scale", "scale": [2, 3]}, {"type": "translation", "translation": [0.5, -1]}]`, `[{"scale":[2,3],"type":"scale"},{"translation":[10.5,20],"type":"translation"}]`},
		{`[]`, `[{"scale":[1,1],"type":"scale"},{"translation":[5,7],"type":"translation"}]`},
		{`null`, `[{"scale":[1,1],"type":"scale"},{"translation":[5,7],"type":"translation"}]`},
	} {
		have, err := pyjson.Any([]byte(c.have))
		if err != nil {
			t.Fatal(err)
		}
		transforms, _ := have.([]any)
		if got, _ := json.Marshal(shifted(transforms, []int{5, 7})); string(got) != c.want {
			t.Errorf("%s becomes %s, want %s", c.have, got, c.want)
		}
	}
}
