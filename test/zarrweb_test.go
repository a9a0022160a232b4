package test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"volara/zarr"
)

// webGroups serves groups of both formats: with consolidated metadata as zarr-python writes it and voxels in their arrays,
// and, as "bare", without anything that names their members. A web server cannot list.
func webGroups(t *testing.T) (dir, url string) {
	t.Helper()
	dir = t.TempDir()
	for _, folder := range []string{"", "bare"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS("../zarr/testdata/groups")); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"v2", "v3"} {
		for i, name := range []string{"raw", "volumes/labels"} {
			fillArray(t, filepath.Join(dir, format, name), byte(i+3))
		}
	}
	if err := os.Remove(filepath.Join(dir, "bare", "v2", ".zmetadata")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "bare", "v3", "zarr.json"), `{"zarr_format": 3, "node_type": "group"}`)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return dir, server.URL
}

// fillArray writes voxels into an array that has none.
func fillArray(t *testing.T, path string, seed byte) {
	t.Helper()
	ctx := context.Background()
	a, err := zarr.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	shape := a.Shape()
	data, err := a.Read(ctx, make([]int, len(shape)), shape)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(i) * seed
	}
	if err := a.Write(ctx, make([]int, len(shape)), data); err != nil {
		t.Fatal(err)
	}
}

// TestGroupsOnTheWeb looks at groups on a web server and copies them: consolidated metadata tells what they hold, at every
// depth; where nothing does, a copy is refused.
func TestGroupsOnTheWeb(t *testing.T) {
	t.Parallel()
	dir, url := webGroups(t)
	command := func(args ...string) *exec.Cmd {
		return volara(t.TempDir(), append([]string{"zarr"}, args...)...)
	}
	for _, format := range []string{"v2", "v3"} {
		runs(t, 0, command("info", url+"/"+format), "raw      array", "volumes  group", "deleted", "consolidated")
		runs(t, 0, command("info", url+"/"+format+"/volumes"), "cannot be known")
		copied := filepath.Join(t.TempDir(), "copy.zarr")
		runs(t, 0, command("cp", "--progress", "off", url+"/"+format, copied), "copied", "2 arrays", "metadata names", "deleted")
		for _, name := range []string{"raw", "volumes/labels"} {
			if got, want := sumOf(t, filepath.Join(copied, name)), sumOf(t, filepath.Join(dir, format, name)); got != want {
				t.Errorf("%s %s: the copy's sum is %s, want %s", format, name, got, want)
			}
		}
		bare := url + "/bare/" + format
		runs(t, 0, command("info", bare), "group", "cannot be known")
		absent := filepath.Join(t.TempDir(), "bare.zarr")
		runs(t, 2, command("cp", "--progress", "off", bare, absent), "cannot be known", "consolidate")
		if _, err := os.Stat(absent); err == nil {
			t.Errorf("%s was written", absent)
		}
		runs(t, 2, command("validate", "--data", bare), "cannot be known")
		runs(t, 0, command("cp", "--progress", "off", bare+"/raw", absent), "copied")
	}
}

// TestPlateOnTheWeb copies a plate, whose rows nothing but the plate's metadata tells of.
func TestPlateOnTheWeb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const group = `{"zarr_format": 2}`
	image := `{"multiscales": [{"version": "0.4", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
		"datasets": [{"path": "s/0", "coordinateTransformations": [{"type": "scale", "scale": [2, 2]}]}]}]}`
	for name, text := range map[string]string{
		".zgroup": group, "A/.zgroup": group, "A/1/.zgroup": group, "A/1/0/.zgroup": group, "A/1/0/s/.zgroup": group,
		".zattrs": `{"plate": {"version": "0.4", "name": "p", "rows": [{"name": "A"}], "columns": [{"name": "1"}],
			"wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}}`,
		"A/1/.zattrs":       `{"well": {"version": "0.4", "images": [{"path": "0"}]}}`,
		"A/1/0/.zattrs":     image,
		"A/1/0/s/0/.zarray": `{"zarr_format": 2, "shape": [4, 4], "chunks": [4, 4], "dtype": "|u1", "compressor": null, "filters": null, "fill_value": 9, "order": "C"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, "plate", name)), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "plate", name), text)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	runs(t, 0, volara(dir, "zarr", "cp", "--progress", "off", server.URL+"/plate", "copy"), "1 array ")
	runs(t, 0, volara(dir, "zarr", "validate", "copy"), `{"valid": true`, "plate")
	for _, name := range []string{"A/.zgroup", "A/1/0/s/.zgroup"} {
		if text := read(t, filepath.Join(dir, "copy", name)); !strings.Contains(text, "2") {
			t.Errorf("%s holds %q", name, text)
		}
	}
	runs(t, 0, volara(dir, "zarr", "info", server.URL+"/plate/A/1/0"), "s       group")
}
