package view

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// TestSearchStaysInside searches folders with links: into the folder they are followed, out of it and upward they are not. A
// folder that is named may be a link.
func TestSearchStaysInside(t *testing.T) {
	top := t.TempDir()
	at := func(names ...string) string { return filepath.Join(append([]string{top}, names...)...) }
	spec := zarr.Spec{Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Uint8}
	for _, path := range []string{at("other.zarr"), at("data", "deep", "a.zarr"), at("data", "b.zarr")} {
		a, err := zarr.Create(t.Context(), path, spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		at("data", "deep", "up"):   "../..",
		at("data", "deep", "self"): "..",
		at("data", "other"):        at("other.zarr"),
		at("data", "broken"):       at("nowhere"),
		at("data", "short"):        "deep/a.zarr",
		at("named"):                at("data"),
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{at("data"), at("named")} {
		found, problems := Paths([]Request{{Path: path}}, zarr.Overrides{})(t.Context())
		var names []string
		for _, d := range found {
			names = append(names, d.Name)
		}
		slices.Sort(names)
		if want := []string{"a", "b", "short"}; !slices.Equal(names, want) || problems != nil {
			t.Errorf("%s: %v, %v, want %v", path, names, problems, want)
		}
	}
}

// writeFile writes a file and the folders that it lies in.
func writeFile(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// writeImage writes an OME-Zarr image of two levels of 8 × 8 and 4 × 4 voxels, s0 and s1, and the names of its labels.
func writeImage(t *testing.T, labels []string, path ...string) {
	t.Helper()
	dir := filepath.Join(path...)
	for i, n := range []int{8, 4} {
		create(t, filepath.Join(dir, fmt.Sprintf("s%d", i)), zarr.Spec{Shape: []int{n, n}, Chunks: []int{4, 4}, DType: nd.Uint8})
	}
	const group = `{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", %s}}}`
	const level = `{"path": "s%d", "coordinateTransformations": [{"type": "scale", "scale": [%d, %d]}]}`
	writeFile(t, fmt.Sprintf(group, `"multiscales": [{"axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}], "datasets": [`+
		fmt.Sprintf(level, 0, 4, 4)+","+fmt.Sprintf(level, 1, 8, 8)+`]}]`), dir, "zarr.json")
	for _, name := range labels {
		writeFile(t, fmt.Sprintf(group, `"labels": ["`+strings.Join(labels, `", "`)+`"]`), dir, "labels", "zarr.json")
		create(t, filepath.Join(dir, "labels", name), zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: nd.Uint8})
	}
}

// outline says of datasets what they are called, of which kind they are, and how many levels they have.
func outline(found []Dataset) string {
	var parts []string
	for _, d := range found {
		parts = append(parts, fmt.Sprintf("%s %s %d", d.Name, d.Kind, len(d.Levels)))
	}
	return strings.Join(parts, ", ")
}

// TestFind is what is found at locations, how many words there are about the rest, and what they say.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	array := zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: nd.Uint8}
	writeImage(t, []string{"cells"}, dir, "data", "em.ome.zarr")
	writeImage(t, []string{"cells"}, dir, "one.zarr", "0")
	for _, i := range []string{"0", "1"} {
		writeImage(t, []string{"cells"}, dir, "two.zarr", i)
	}
	for _, path := range []string{"one.zarr", "two.zarr"} {
		writeFile(t, `{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", "bioformats2raw.layout": 3}}}`, dir, path, "zarr.json")
	}
	writeImage(t, []string{"gone", "cells"}, dir, "part.zarr")
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "part.zarr", "s1")), os.RemoveAll(filepath.Join(dir, "part.zarr", "labels", "gone"))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, `{"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "|O", "fill_value": null, "order": "C", "filters": [{"id": "vlen-utf8"}], "compressor": null}`,
		dir, "odd.zarr", "annotations", ".zarray")
	writeFile(t, `{"zarr_format": 3, "node_type"`, dir, "odd.zarr", "broken", "zarr.json")
	create(t, filepath.Join(dir, "odd.zarr", "deep", "raw"), array)
	create(t, filepath.Join(dir, "odd.zarr", "seg"), array)
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer web.Close()
	for _, c := range []struct {
		path, want string
		problems   []string
		notes      int
	}{
		{dir + "/data/em.ome.zarr", "em image 2, cells labels 1", nil, 0},
		{dir + "/data/em.ome.zarr/", "em image 2, cells labels 1", nil, 0},
		{dir + "/data/em.ome.zarr/s1", "em image 1", nil, 0},
		{"file://" + dir + "/data/em.ome.zarr", "em image 2, cells labels 1", nil, 0},
		{"file://" + dir + "/data/em.ome.zarr/s1", "em image 1", nil, 0},
		{web.URL + "/data/em.ome.zarr", "em image 2, cells labels 1", nil, 0},
		{web.URL + "/data/em.ome.zarr/s1", "em image 1", nil, 0},
		{web.URL + "/data/em.ome.zarr/s1/", "em image 1", nil, 0},
		{dir + "/data", "em image 2, cells labels 1", nil, 0},
		{dir + "/one.zarr", "one image 2, cells labels 1", nil, 0},
		{dir + "/two.zarr", "two image 2, cells labels 1, two image 2, cells labels 1", nil, 0},
		{dir + "/part.zarr", "part image 1, cells labels 1", []string{"gone"}, 1},
		{dir + "/odd.zarr", "raw image 1, seg labels 1", []string{"annotations", "broken"}, 0},
		{dir + "/nowhere", "", []string{"nothing is there"}, 0},
	} {
		found, problems := Paths([]Request{{Path: c.path}}, zarr.Overrides{})(t.Context())
		if got := outline(found); got != c.want || len(problems) != len(c.problems) || len(found) > 0 && len(found[0].Notes) != c.notes {
			t.Errorf("%s: %s, want %s; %v; %+v", c.path, got, c.want, problems, found)
			continue
		}
		for i, says := range c.problems {
			if !strings.Contains(problems[i].Error(), says) {
				t.Errorf("%s: %v, want a word about %s", c.path, problems[i], says)
			}
		}
	}
}

// TestTableBesideMasks demands that a table of labels leaves masks alone.
func TestTableBesideMasks(t *testing.T) {
	dir := t.TempDir()
	for name, dtype := range map[string]nd.DType{"mask": nd.Bool, "raw": nd.Uint8, "seg": nd.Uint64} {
		create(t, filepath.Join(dir, name), zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: dtype})
	}
	found, problems := Paths([]Request{{Path: dir, LUT: &lazy.LUT{Path: filepath.Join(dir, "l.npz")}}}, zarr.Overrides{})(t.Context())
	if got := outline(found); got != "mask labels 1, raw image 1, seg labels 1" || problems != nil {
		t.Fatalf("%s, %v", got, problems)
	}
	for i, mapped := range []bool{false, false, true} {
		if (found[i].Table != "") != mapped || found[i].Levels[0].computed() != mapped {
			t.Errorf("%s: %+v", found[i].Name, found[i])
		}
	}
}
