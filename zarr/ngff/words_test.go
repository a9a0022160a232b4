package ngff

import (
	"strings"
	"testing"

	"volara/fault"
	"volara/zarr/store"
)

// TestWriteImageKeepsWords makes images of groups whose attributes hold NaN, as Python writes it: it stays, and so does text.
func TestWriteImageKeepsWords(t *testing.T) {
	for format, c := range map[int]struct{ key, doc string }{
		2: {".zattrs", `{"a": [NaN, "NaN"], "b": "<&>", "c": {"d": -Infinity}}`},
		3: {"zarr.json", `{"zarr_format": 3, "node_type": "group", "attributes": {"a": [NaN, "NaN"], "b": "<&>", "c": {"d": -Infinity}, "ome": {"e": Infinity}}}`},
	} {
		n := &store.Node{Store: store.NewMemory()}
		if err := n.Store.Put(t.Context(), c.key, []byte(c.doc)); err != nil {
			t.Fatal(err)
		}
		image := Image{Axes: []Axis{{Name: "y", Type: "space"}, {Name: "x", Type: "space"}}, Levels: []Level{{Path: "0", Scale: []float64{1, 1}}}}
		if err := WriteImage(t.Context(), n, format, image); err != nil {
			t.Fatal(err)
		}
		data, err := n.Get(t.Context(), c.key, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(data)), " ")
		for _, want := range []string{`[ NaN, "NaN" ]`, `"<&>"`, `"d": -Infinity`, `"multiscales"`} {
			if !strings.Contains(text, want) {
				t.Errorf("v%d: %s is not in %s", format, want, text)
			}
		}
	}
}

// TestWriteImageRefuses makes no group of an array or of a node of the other format, and changes nothing there.
func TestWriteImageRefuses(t *testing.T) {
	for _, c := range []struct {
		format   int
		key, doc string
	}{
		{2, ".zarray", `{"zarr_format": 2}`},
		{2, "zarr.json", `{"zarr_format": 3, "node_type": "group"}`},
		{3, "zarr.json", `{"zarr_format": 3, "node_type": "array"}`},
		{3, ".zarray", `{"zarr_format": 2}`},
		{3, ".zgroup", `{"zarr_format": 2}`},
	} {
		n := &store.Node{Store: store.NewMemory()}
		if err := n.Store.Put(t.Context(), c.key, []byte(c.doc)); err != nil {
			t.Fatal(err)
		}
		image := Image{Axes: []Axis{{Name: "y", Type: "space"}, {Name: "x", Type: "space"}}, Levels: []Level{{Path: "0", Scale: []float64{1, 1}}}}
		if err := WriteImage(t.Context(), n, c.format, image); !fault.IsPermanent(err) || !strings.Contains(err.Error(), c.key) {
			t.Errorf("v%d over %s: %v", c.format, c.doc, err)
		}
		names, err := n.Names(t.Context(), 9)
		if data, _ := n.Get(t.Context(), c.key, 99); len(names) != 1 || err != nil || string(data) != c.doc {
			t.Errorf("v%d over %s: %v, %v, %s", c.format, c.doc, names, err, data)
		}
	}
}

// TestFloatsAsIntegers reads whole numbers that Python has written as floats; others are refused.
func TestFloatsAsIntegers(t *testing.T) {
	const doc = `{"bioformats2raw.layout": 3.0, "image-label": {"colors": [{"label-value": 1.0, "rgba": [255.0, 0, 1e1, 0]}]},
		"plate": {"field_count": 2.0, "acquisitions": [{"id": 1.0, "starttime": 1.7e9}], "rows": [], "columns": [], "wells": [{"path": "A/1", "rowIndex": 0.0, "columnIndex": %s}]}}`
	g, err := Parse(".zattrs", []byte(strings.Replace(doc, "%s", "4.0", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if layout, err := g.Layout(); layout != 3 || err != nil {
		t.Errorf("layout %d, %v", layout, err)
	}
	if plate, err := g.Plate(); err != nil || plate.FieldCount != 2 || plate.Acquisitions[0].ID != 1 || *plate.Acquisitions[0].StartTime != 1700000000 || *plate.Wells[0].ColumnIndex != 4 {
		t.Errorf("plate %+v, %v", plate, err)
	}
	if label, err := g.ImageLabel(); err != nil || label.Colors[0].RGBA[0] != 255 || label.Colors[0].RGBA[2] != 10 || label.Colors[0].Value != "1" {
		t.Errorf("label %+v, %v", label, err)
	}
	if g, err = Parse(".zattrs", []byte(strings.Replace(doc, "%s", "4.5", 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Plate(); err == nil || !strings.Contains(err.Error(), "whole number") {
		t.Errorf("column 4.5: %v", err)
	}
}

// TestReadPrefersV3 reads zarr.json alone where both formats are there.
func TestReadPrefersV3(t *testing.T) {
	n := &store.Node{Store: store.NewMemory()}
	for key, doc := range map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "group"}`, ".zattrs": `{"labels": ["a"]}`} {
		if err := n.Store.Put(t.Context(), key, []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	if g, err := Read(t.Context(), n); g != nil || err != nil {
		t.Errorf("%+v, %v", g, err)
	}
}
