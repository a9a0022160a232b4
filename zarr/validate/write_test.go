package validate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// pyramid writes an image of three levels with its arrays, or a label image.
func pyramid(t *testing.T, n *store.Node, format int, dtype nd.DType, label *ngff.ImageLabel) {
	t.Helper()
	image := ngff.Image{Name: "em", Method: ngff.Mean, Label: label, Metadata: map[string]string{"method": "mean"},
		Axes:  []ngff.Axis{{Name: "c", Type: "channel"}, {Name: "z", Type: "space", Unit: "nanometer"}, {Name: "y", Type: "space", Unit: "nanometer"}, {Name: "x", Type: "space", Unit: "nanometer"}},
		Omero: &ngff.Omero{Channels: []ngff.Channel{{Color: "FFFFFF", Window: &ngff.Window{Max: 255, End: 255}}, {Color: "00FF00", Window: &ngff.Window{Max: 255, End: 200}}}}}
	scale, translation := []float64{1, 40, 4, 4}, []float64{0, 400, 0, -8}
	shape := []int{2, 9, 33, 32}
	for i := range 3 {
		path := fmt.Sprintf("s%d", i)
		child, err := n.Child(path)
		if err != nil {
			t.Fatal(err)
		}
		spec := zarr.Spec{Format: format, Shape: shape, Chunks: []int{1, 8, 8, 8}, DType: dtype}
		if format == 3 {
			spec.DimensionNames = []string{"c", "z", "y", "x"}
		}
		if _, err := zarr.CreateStore(t.Context(), child.Store, child.Prefix, spec); err != nil {
			t.Fatal(err)
		}
		image.Levels = append(image.Levels, ngff.Level{Path: path, Scale: scale, Translation: translation})
		scale, translation = ngff.Coarser(scale, translation, []int{1, 1, 2, 2}, ngff.Mean)
		shape = []int{2, 9, (shape[2] + 1) / 2, (shape[3] + 1) / 2}
	}
	if err := ngff.WriteImage(t.Context(), n, format, image); err != nil {
		t.Fatal(err)
	}
}

// TestWritten writes images with labels in both formats and reads them back.
func TestWritten(t *testing.T) {
	for format, version := range map[int]string{2: "0.4", 3: "0.5"} {
		n := &store.Node{Store: store.NewMemory(), Prefix: "a/"}
		pyramid(t, n, format, nd.Uint8, nil)
		cells, err := n.Child("labels/cells")
		if err != nil {
			t.Fatal(err)
		}
		pyramid(t, cells, format, nd.Uint64, &ngff.ImageLabel{Colors: []ngff.LabelColor{{Value: "7", RGBA: []uint8{1, 2, 3, 255}}}, Source: &ngff.LabelSource{Image: "../../"}})
		for range 2 {
			if err := ngff.AddLabels(t.Context(), n, format, "cells"); err != nil {
				t.Fatal(err)
			}
		}
		for _, strict := range []bool{false, true} {
			r, err := Node(t.Context(), n, Options{Strict: strict})
			if err != nil || !r.Valid || len(r.Warnings) > 0 || r.Version != version {
				t.Errorf("zarr v%d: %+v, %v", format, r, err)
			}
		}
		g, err := ngff.Read(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		image, err := g.Image()
		if err != nil {
			t.Fatal(err)
		}
		l, err := image.Level(2)
		if err != nil || fmt.Sprint(l.Scale, l.Translation) != "[1 40 16 16] [0 400 6 -2]" {
			t.Errorf("%+v, %v", l, err)
		}
	}
}

func TestCoarser(t *testing.T) {
	for _, c := range []struct {
		scale, translation []float64
		factor             []int
		method             ngff.Method
		want               string
	}{
		{[]float64{10, 10}, nil, []int{2, 2}, ngff.Mean, "[20 20] [5 5]"},
		{[]float64{20, 20}, []float64{5, 5}, []int{2, 2}, ngff.Mean, "[40 40] [15 15]"},
		{[]float64{10, 4}, []float64{100, -8}, []int{1, 3}, ngff.Mean, "[10 12] [100 -4]"},
		{[]float64{10, 4}, []float64{100, -8}, []int{4, 2}, ngff.Stride, "[40 8] [100 -8]"},
	} {
		if scale, translation := ngff.Coarser(c.scale, c.translation, c.factor, c.method); fmt.Sprint(scale, translation) != c.want {
			t.Errorf("%+v: %v %v", c, scale, translation)
		}
	}
}

// TestWriteKeeps verifies that writing leaves alone what is not its own, and refuses what would not be valid.
func TestWriteKeeps(t *testing.T) {
	n := put(t, map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "group", "consolidated_metadata": null, "attributes": {"mine": 18446744073709551615, "ome": {"omero": {"channels": []}}}}`})
	image := ngff.Image{Axes: []ngff.Axis{{Name: "y", Type: "space"}, {Name: "x", Type: "space"}}, Levels: []ngff.Level{{Path: "0", Scale: []float64{1, 2}}}}
	if err := ngff.WriteImage(t.Context(), n, 3, image); err != nil {
		t.Fatal(err)
	}
	before, err := n.Get(t.Context(), "zarr.json", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"mine": 18446744073709551615`, `"consolidated_metadata": null`, `"omero"`, `"version": "0.5"`} {
		if !strings.Contains(string(before), part) {
			t.Errorf("%s is gone from %s", part, before)
		}
	}
	for want, edit := range map[string]func(*ngff.Image){
		"1 axes of space":       func(i *ngff.Image) { i.Axes[0].Type = "channel" },
		"2 numbers for 3 axes":  func(i *ngff.Image) { i.Axes = append([]ngff.Axis{{Name: "z", Type: "space"}}, i.Axes...) },
		"at least 1":            func(i *ngff.Image) { i.Levels = []ngff.Level{} },
		"not a path within":     func(i *ngff.Image) { i.Levels[0].Path = "../x" },
		"not a positive number": func(i *ngff.Image) { i.Levels[0].Scale[0] = 0 },
	} {
		bad := ngff.Image{Axes: []ngff.Axis{{Name: "y", Type: "space"}, {Name: "x", Type: "space"}}, Levels: []ngff.Level{{Path: "0", Scale: []float64{1, 2}}}}
		edit(&bad)
		if err := ngff.WriteImage(t.Context(), n, 3, bad); !fault.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	after, err := n.Get(t.Context(), "zarr.json", 1<<20)
	if err != nil || string(after) != string(before) {
		t.Errorf("%s, %v", after, err)
	}
	array := put(t, map[string]string{"zarr.json": array05("3", "uint8", "")})
	if err := ngff.WriteImage(t.Context(), array, 3, image); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "not a group") {
		t.Errorf("over an array: %v", err)
	}
}

func TestWritePlate(t *testing.T) {
	zero := 0
	for _, format := range []int{2, 3} {
		n := &store.Node{Store: store.NewMemory()}
		if err := ngff.WritePlate(t.Context(), n, format, ngff.Plate{Name: "p", Rows: []ngff.Named{{Name: "A"}}, Columns: []ngff.Named{{Name: "1"}},
			Wells: []ngff.PlateWell{{Path: "A/1", RowIndex: &zero, ColumnIndex: &zero}}}); err != nil {
			t.Fatal(err)
		}
		well, _ := n.Child("A/1")
		if err := ngff.WriteWell(t.Context(), well, format, ngff.Well{Images: []ngff.WellImage{{Path: "0"}}}); err != nil {
			t.Fatal(err)
		}
		field, _ := n.Child("A/1/0")
		pyramid(t, field, format, nd.Uint8, nil)
		r, err := Node(t.Context(), n, Options{Strict: true})
		text, _ := json.Marshal(r)
		if err != nil || !r.Valid {
			t.Errorf("zarr v%d: %s, %v", format, text, err)
		}
	}
}
