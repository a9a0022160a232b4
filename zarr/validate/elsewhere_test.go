package validate

import (
	"archive/zip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/store"
)

// TestElsewhere opens and validates an image behind a web server and in a zip file.
func TestElsewhere(t *testing.T) {
	dir := t.TempDir()
	n, err := store.Open(t.Context(), filepath.Join(dir, "em.zarr"), store.Options{LocalOptions: store.LocalOptions{Create: true}})
	if err != nil {
		t.Fatal(err)
	}
	pyramid(t, n, 3, nd.Uint8, nil)
	f, err := os.Create(filepath.Join(dir, "em.zip"))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if err := w.AddFS(os.DirFS(filepath.Join(dir, "em.zarr"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, at := range []string{filepath.Join(dir, "em.zarr"), filepath.Join(dir, "em.zip"), server.URL + "/em.zarr", server.URL + "/em.zip"} {
		for level, open := range map[string]func() (*zarr.Array, error){
			"s0": func() (*zarr.Array, error) { return zarr.Open(t.Context(), at) },
			"s1": func() (*zarr.Array, error) { return zarr.Open(t.Context(), at+"/s1") },
			"s2": func() (*zarr.Array, error) {
				return zarr.Open(t.Context(), at, zarr.NearestVoxelSize([]float64{40, 20, 20}, "nm"))
			},
		} {
			requests.Store(0)
			a, err := open()
			if err != nil {
				t.Errorf("%s of %s: %v", level, at, err)
				continue
			}
			if n := requests.Load(); n > 8 {
				t.Errorf("%s of %s: %d requests", level, at, n)
			}
			s, err := a.Spatial(zarr.Overrides{})
			want := map[string]string{"s0": "[40 4 4] [400 0 -8]", "s1": "[40 8 8] [400 2 -6]", "s2": "[40 16 16] [400 6 -2]"}[level]
			if got := fmt.Sprint(s.VoxelSize, s.Offset); err != nil || got != want || a.Level().Path != level {
				t.Errorf("%s of %s: %s, %v; want %s", level, at, got, err, want)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		n, err := store.Open(t.Context(), at, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := Node(t.Context(), n, Options{Strict: true}); err != nil || !r.Valid {
			t.Errorf("%s: %+v, %v", at, r, err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
