package view

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/nd"
	"volara/zarr"
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
		found, problems := Paths([]Request{{Path: path}}, zarr.Overrides{})(t.Context(), zarr.NewCache(0))
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
