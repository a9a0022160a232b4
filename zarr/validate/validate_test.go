package validate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"volara/zarr/ngff"
	"volara/zarr/store"
)

// array05 returns the zarr.json of an array of zarr v3.
func array05(shape, dtype, names string) string {
	dims := strings.Count(shape, ",") + 1
	chunks := strings.TrimSuffix(strings.Repeat("1,", dims), ",")
	if names != "" {
		names = `, "dimension_names": ` + names
	}
	return fmt.Sprintf(`{"zarr_format": 3, "node_type": "array", "shape": [%s], "data_type": %q, "chunk_grid": {"name": "regular",
		"configuration": {"chunk_shape": [%s]}}, "chunk_key_encoding": {"name": "default"}, "fill_value": 0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]%s}`,
		shape, dtype, chunks, names)
}

// group05 returns the zarr.json of a group with OME-Zarr metadata.
func group05(ome string) string {
	return `{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", ` + ome + `}}}`
}

const image05 = `"multiscales": [{"name": "i", "axes": [{"name": "y", "type": "space", "unit": "nanometer"}, {"name": "x", "type": "space", "unit": "nanometer"}],
	"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [4, 4]}]},
	{"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [8, 8]}, {"type": "translation", "translation": [2, 2]}]}]}]`

// put returns a node that holds the given objects.
func put(t testing.TB, files map[string]string) *store.Node {
	t.Helper()
	s := store.NewMemory()
	for key, data := range files {
		if err := s.Put(t.Context(), key, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	return &store.Node{Store: s}
}

// image returns an image with a label image, and what edit puts in the place of some of its objects; "" removes one.
func image(edit map[string]string) map[string]string {
	yx := `["y", "x"]`
	files := map[string]string{
		"zarr.json": group05(image05), "0/zarr.json": array05("9,7", "uint8", yx), "1/zarr.json": array05("5,4", "uint8", yx),
		"labels/zarr.json":         group05(`"labels": ["cells"]`),
		"labels/cells/zarr.json":   group05(image05 + `, "image-label": {"colors": [{"label-value": 1, "rgba": [1, 2, 3, 4]}], "source": {"image": "../../"}}`),
		"labels/cells/0/zarr.json": array05("9,7", "uint32", yx), "labels/cells/1/zarr.json": array05("5,4", "uint32", yx),
	}
	for key, data := range edit {
		if files[key] = data; data == "" {
			delete(files, key)
		}
	}
	return files
}

func TestImage(t *testing.T) {
	replace := func(old, new string) string { return group05(strings.Replace(image05, old, new, 1)) }
	for name, c := range map[string]struct {
		edit     map[string]string
		problems string // what one of them says; "" for a valid image
		warnings string
	}{
		"valid":              {},
		"no array":           {map[string]string{"1/zarr.json": ""}, "no array at", ""},
		"corrupt array":      {map[string]string{"1/zarr.json": "{"}, "1/zarr.json", ""},
		"dimensions":         {map[string]string{"0/zarr.json": array05("1,9,7", "uint8", `["c", "y", "x"]`)}, "3 dimensions, the image 2 axes", ""},
		"types":              {map[string]string{"1/zarr.json": array05("5,4", "uint16", `["y", "x"]`)}, "uint16 after", ""},
		"grown":              {map[string]string{"1/zarr.json": array05("5,8", "uint8", `["y", "x"]`)}, "ordered from the finest", ""},
		"coarse first":       {map[string]string{"zarr.json": replace(`[4, 4]`, `[4, 16]`)}, "ordered from the finest", ""},
		"dimension names":    {map[string]string{"0/zarr.json": array05("9,7", "uint8", `["x", "y"]`)}, `dimension_names are ["x" "y"]`, ""},
		"no dimension names": {map[string]string{"0/zarr.json": array05("9,7", "uint8", "")}, "", "no dimension_names"},
		"format":             {map[string]string{"0/zarr.json": "", "0/.zarray": `{"zarr_format": 2, "shape": [9, 7], "chunks": [9, 7], "dtype": "|u1", "fill_value": 0, "order": "C", "filters": null, "compressor": null}`}, "array of zarr v2", ""},
		"scale length":       {map[string]string{"zarr.json": replace(`[4, 4]`, `[4, 4, 4]`)}, "3 numbers for 2 axes", ""},
		"negative scale":     {map[string]string{"zarr.json": replace(`[4, 4]`, `[4, -4]`)}, "not a positive number", ""},
		"units":              {map[string]string{"zarr.json": replace(`nanometer`, `cubit`)}, "", "cubit"},
		"float labels":       {map[string]string{"labels/cells/0/zarr.json": array05("9,7", "float32", `["y", "x"]`), "labels/cells/1/zarr.json": array05("5,4", "float32", `["y", "x"]`)}, "must be integers", ""},
		"no labels group":    {map[string]string{"labels/zarr.json": ""}, "", ""},
		"label not there":    {map[string]string{"labels/zarr.json": group05(`"labels": ["cells", "nuclei"]`)}, "no group with OME-Zarr metadata at memory", ""},
		"label no image":     {map[string]string{"labels/cells/zarr.json": group05(`"image-label": {}`)}, "multiscales is missing", ""},
		"unmarked label":     {map[string]string{"labels/cells/zarr.json": group05(image05)}, "", "without image-label"},
		"labels that are none": {map[string]string{"labels/zarr.json": group05(image05), "labels/0/zarr.json": array05("9,7", "uint8", `["y", "x"]`), "labels/1/zarr.json": array05("9,7", "uint8", `["y", "x"]`)},
			"must list label images", ""},
		"source":        {map[string]string{"labels/cells/zarr.json": group05(image05 + `, "image-label": {"source": {"image": "../../x"}}`)}, "", "no image at"},
		"far source":    {map[string]string{"labels/cells/zarr.json": group05(image05 + `, "image-label": {"source": {"image": "../../../.."}}`)}, "", "cannot be reached"},
		"no version":    {map[string]string{"zarr.json": strings.Replace(group05(image05), `"version": "0.5", `, "", 1)}, `"version" is missing`, ""},
		"not nested":    {map[string]string{"zarr.json": strings.NewReplacer(`{"ome": {"version": "0.5", `, `{`, `}}}`, `}}`).Replace(group05(image05))}, "belongs into the attribute", ""},
		"not an object": {map[string]string{"zarr.json": `{"attributes": {"ome": []}, "zarr_format": 3}`}, "not an object", ""},
		"channels": {map[string]string{"zarr.json": group05(image05 + `, "omero": {"channels": [{"color": "00FF00"}, {"color": "white"}]}`)}, "",
			"2 channels for an image of 1"},
	} {
		r, err := Node(t.Context(), put(t, image(c.edit)), Options{})
		if err != nil || r.Valid != (c.problems == "") || r.Valid != (len(r.Problems) == 0) || !said(r.Problems, c.problems) || !said(r.Warnings, c.warnings) {
			t.Errorf("%s: %+v, %v; want %q and %q", name, r, err, c.problems, c.warnings)
		}
	}
}

// said reports whether one of the problems says something.
func said(list []ngff.Problem, what string) bool {
	for _, p := range list {
		if strings.Contains(p.What, what) && p.Where != "" || strings.Contains(p.Where, what) {
			return true
		}
	}
	return what == ""
}

func TestPlate(t *testing.T) {
	const plate = `"plate": {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}], "acquisitions": [{"id": 0}, {"id": 3}],
		"wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "A/2", "rowIndex": 0, "columnIndex": 1}]}`
	files := func(edit map[string]string) map[string]string {
		all := map[string]string{"zarr.json": group05(plate)}
		for _, well := range []string{"A/1/", "A/2/"} {
			all[well+"zarr.json"] = group05(`"well": {"images": [{"path": "0", "acquisition": 3}]}`)
			for key, data := range image(map[string]string{"labels/zarr.json": ""}) {
				all[well+"0/"+key] = data
			}
		}
		for key, data := range edit {
			if all[key] = data; data == "" {
				delete(all, key)
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		edit map[string]string
		want string
	}{
		"valid":            {nil, ""},
		"no well":          {map[string]string{"A/2/zarr.json": ""}, "/plate/wells/1/path"},
		"a well of images": {map[string]string{"A/2/zarr.json": group05(image05)}, "no well"},
		"no field":         {map[string]string{"A/1/0/zarr.json": ""}, "/well/images/0/path"},
		"no image":         {map[string]string{"A/1/0/zarr.json": group05(`"labels": []`)}, "no image"},
		"no acquisition":   {map[string]string{"A/1/zarr.json": group05(`"well": {"images": [{"path": "0"}]}`)}, "several"},
		"acquisition":      {map[string]string{"A/1/zarr.json": group05(`"well": {"images": [{"path": "0", "acquisition": 1}]}`)}, "no acquisition 1"},
		"field's array":    {map[string]string{"A/2/0/0/zarr.json": ""}, "no array"},
		"misplaced":        {map[string]string{"zarr.json": group05(strings.Replace(plate, `"columnIndex": 1`, `"columnIndex": 0`, 1))}, "columnIndex"},
	} {
		r, err := Node(t.Context(), put(t, files(c.edit)), Options{})
		if err != nil || r.Valid != (c.want == "") || !said(r.Problems, c.want) {
			t.Errorf("%s: %+v, %v; want %q", name, r, err, c.want)
		}
	}
}

func TestContainer(t *testing.T) {
	files := map[string]string{"zarr.json": group05(`"bioformats2raw.layout": 3`), "OME/zarr.json": group05(`"series": ["a"]`)}
	for key, data := range image(nil) {
		files["a/"+key] = data
	}
	r, err := Node(t.Context(), put(t, files), Options{})
	if err != nil || !r.Valid {
		t.Errorf("%+v, %v", r, err)
	}
	files["OME/zarr.json"] = group05(`"series": ["a", "b"]`)
	if r, err := Node(t.Context(), put(t, files), Options{}); err != nil || r.Valid || !said(r.Problems, "at memory/b") && !said(r.Problems, "/b") {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAlone checks metadata without arrays, an array without metadata, and nothing.
func TestAlone(t *testing.T) {
	alone := map[string]string{"zarr.json": group05(image05)}
	if r, err := Node(t.Context(), put(t, alone), Options{}); err != nil || !r.Valid || !said(r.Warnings, "only the metadata was checked") {
		t.Errorf("metadata alone: %+v, %v", r, err)
	}
	if r, err := Node(t.Context(), put(t, alone), Options{Strict: true}); err != nil || r.Valid || !said(r.Problems, "no array") {
		t.Errorf("metadata alone, strictly: %+v, %v", r, err)
	}
	if r, err := Node(t.Context(), put(t, map[string]string{"zarr.json": array05("3", "uint8", "")}), Options{}); err != nil || !r.Valid || len(r.Kinds) != 0 {
		t.Errorf("an array: %+v, %v", r, err)
	}
	if r, err := Node(t.Context(), put(t, nil), Options{}); err != nil || r.Valid || !said(r.Problems, "neither") {
		t.Errorf("nothing: %+v, %v", r, err)
	}
	for doc, want := range map[string]string{
		`{"a": 1}`:                       "no OME-Zarr metadata",
		`[`:                              "not valid JSON",
		group05(image05):                 "",
		group05(`"plate": {}`):           `"columns" is missing`,
		`{"omero": {}}`:                  `"multiscales" is missing`,
		`{"multiscales": NaN}`:           "not a list",
		`{"bioformats2raw.layout": 3.0}`: "",
	} {
		if r := Document("doc", []byte(doc), Options{}); r.Valid != (want == "") || !said(r.Problems, want) {
			t.Errorf("%s: %+v, want %q", doc, r, want)
		}
	}
	text, err := json.Marshal(Document("doc", []byte(group05(image05)), Options{}))
	if err != nil || string(text) != `{"valid":true,"version":"0.5","kinds":["image"]}` {
		t.Errorf("%s, %v", text, err)
	}
}

func FuzzNode(f *testing.F) {
	for _, data := range image(nil) {
		f.Add([]byte(data), []byte(data))
	}
	f.Add([]byte(group05(`"plate": {"wells": [{"path": "a/b", "rowIndex": 1e400, "columnIndex": -0.0}], "rows": [{"name": "a"}], "columns": [1]}, "well": {}`)), []byte(`{"labels": [".."]}`))
	f.Fuzz(func(t *testing.T, group, member []byte) {
		files := map[string]string{"zarr.json": string(group), "0/zarr.json": string(member), "labels/zarr.json": string(member), "a/b/zarr.json": string(member)}
		for _, strict := range []bool{false, true} {
			r, err := Node(t.Context(), put(t, files), Options{Strict: strict})
			if err != nil || r.Valid != (len(r.Problems) == 0) {
				t.Fatal(r, err)
			}
			r = Document("doc", group, Options{Strict: strict})
			if r.Valid != (len(r.Problems) == 0) {
				t.Fatal(r)
			}
		}
	})
}
