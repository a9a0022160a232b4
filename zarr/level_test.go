package zarr

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestLevel(t *testing.T) {
	dir := writeTree(t, map[string]string{".zgroup": `{"zarr_format": 2}`, ".zattrs": imageV04, "s/0/.zarray": cyx, "s/1/.zarray": cyx})
	for want, o := range map[string]Option{
		"1 s/1": Level(1), "0 s/0": Level(0), "1 s/1 ": NearestVoxelSize([]float64{5, 5}, ""), "0 s/0 ": NearestVoxelSize([]float64{600, 400}, "nm"),
	} {
		a, err := Open(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if l := a.Level(); fmt.Sprint(l.Index, " ", l.Path) != strings.TrimSpace(want) || !strings.HasSuffix(a.Path(), filepath.FromSlash(l.Path)) || a.Image() == nil {
			t.Errorf("%+v at %s, want %s", l, a.Path(), want)
		}
	}
	direct, err := Open(t.Context(), filepath.Join(dir, "s", "1"))
	if err != nil || direct.Level().Index != 1 || direct.Image() == nil {
		t.Errorf("the array itself: %+v, %v", direct, err)
	}
	for want, open := range map[string]func() (*Array, error){
		"no level 2":            func() (*Array, error) { return Open(t.Context(), dir, Level(2)) },
		"cannot be chosen":      func() (*Array, error) { return Open(t.Context(), filepath.Join(dir, "s", "1"), Level(1)) },
		"1 numbers for 2 axes":  func() (*Array, error) { return Open(t.Context(), dir, NearestVoxelSize([]float64{5}, "")) },
		"units of different th": func() (*Array, error) { return Open(t.Context(), dir, NearestVoxelSize([]float64{5, 5}, "s")) },
	} {
		if a, err := open(); err == nil || a != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestContainers opens groups that hold images: one alone is opened, of several the error names what can be.
func TestContainers(t *testing.T) {
	files := map[string]string{".zattrs": `{"bioformats2raw.layout": 3}`, "0/.zattrs": imageV04, "0/s/0/.zarray": cyx, "0/s/1/.zarray": cyx}
	dir := writeTree(t, files)
	a, err := Open(t.Context(), dir, Level(1))
	if err != nil || a.Level().Path != "s/1" || a.Path() != filepath.Join(dir, "0", "s", "1") {
		t.Errorf("%+v, %v", a, err)
	}
	files["1/.zattrs"] = imageV04
	plate := `{"plate": {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}}`
	for want, files := range map[string]map[string]string{
		"container of 2 images; open one of 0, 1": files,
		"plate of 1 wells; open one of A/1":       {".zattrs": plate},
		"well of 2 fields of view":                {".zattrs": `{"well": {"images": [{"path": "0"}, {"path": "1"}]}}`},
		"group of 2 label images":                 {".zattrs": `{"labels": ["a", "b"]}`},
		"without an image":                        {".zattrs": `{"omero": {}}`},
	} {
		dir := writeTree(t, files)
		if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
