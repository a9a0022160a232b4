package zarr

import (
	"fmt"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// TestWriteImage makes an image of arrays with funlib's attributes, and opens it.
func TestWriteImage(t *testing.T) {
	for _, format := range []int{2, 3} {
		n := &store.Node{Store: store.NewMemory()}
		attributes := Spatial{VoxelSize: []float64{40, 4.5}, Offset: []float64{400, -9}, AxisNames: []string{"c^", "y", "x"},
			Units: []string{"", "nm", "nm"}, Types: []string{"channel", "space", "space"}}.Attributes()
		for i, p := range []string{"a", "b"} {
			spec := Spec{Format: format, Shape: []int{2, 8 >> i, 8 >> i}, Chunks: []int{1, 4, 4}, DType: nd.Uint8, Attributes: attributes}
			if format == 3 {
				spec.DimensionNames = []string{"c^", "y", "x"}
			}
			if _, err := CreateStore(t.Context(), n.Store, p+"/", spec); err != nil {
				t.Fatal(err)
			}
			attributes = Spatial{VoxelSize: []float64{80, 9}, Offset: []float64{420, -6.75}, AxisNames: []string{"c^", "y", "x"},
				Units: []string{"", "nm", "nm"}, Types: []string{"channel", "space", "space"}}.Attributes()
		}
		if err := WriteImage(t.Context(), n, []string{"a", "b"}, ngff.Image{Name: "i", Method: ngff.Mean}); err != nil {
			t.Fatal(err)
		}
		g, err := ngff.Read(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		m, err := g.Image()
		if err != nil {
			t.Fatal(err)
		}
		l, err := m.Choose(ngff.Nearest([]float64{0.07, 0.008}, "micrometer"))
		channel := map[int]string{2: "c", 3: "c^"}[format]
		if err != nil || fmt.Sprint(l.Path, l.Scale, l.Translation, l.Axes) != "b[1 80 9] [0 420 -6.75] [{"+channel+" channel } {y space nanometer} {x space nanometer}]" {
			t.Errorf("zarr v%d: %+v, %v", format, l, err)
		}
		if want := map[int]string{2: "0.4", 3: "0.5"}[format]; g.Version != want || m.Type != "mean" || m.Name != "i" {
			t.Errorf("version %s, want %s; %+v", g.Version, want, m)
		}
		for want, paths := range map[string][]string{"no array": {"a", "x"}, "no arrays": nil, "not a path": {"../a"}} {
			if err := WriteImage(t.Context(), n, paths, ngff.Image{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v, want %q", paths, err, want)
			}
		}
		if _, err := CreateStore(t.Context(), n.Store, "c/", Spec{Format: format, Shape: []int{4, 4}, Chunks: []int{4, 4}, DType: nd.Uint8}); err != nil {
			t.Fatal(err)
		}
		if err := WriteImage(t.Context(), n, []string{"a", "c"}, ngff.Image{}); err == nil || !strings.Contains(err.Error(), "axes") {
			t.Errorf("different axes: %v", err)
		}
	}
}
