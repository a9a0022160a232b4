package funlib_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"volara/geometry"
	"volara/graph"
	"volara/graph/funlib"
)

func TestMetadataRoundTrip(t *testing.T) {
	for dims := 1; dims <= geometry.MaxDims; dims++ {
		schema, err := graph.NewSchema(dims, []graph.Attr{{Name: "code", Type: graph.Vec(2)}, {Name: "a", Type: graph.String}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, total := range []geometry.Roi{{}, geometry.NewRoi(geometry.Fill(dims, -8), geometry.Fill(dims, 100))} {
			schema.Total = total
			want := funlib.NewMetadata(schema)
			data, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got funlib.Metadata
			if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v; not %+v", data, got, err, want)
			}
		}
	}
}

const sound = `{"position_attribute": "position", "directed": false, "total_roi_offset": [null, null], "total_roi_shape": [null, null],
	"nodes_table_name": "nodes", "edges_table_name": "edges", "endpoint_names": ["u", "v"],
	"node_attrs": {"position": "Vec(float, 2)", "size": "int"}, "edge_attrs": {"distance": "float"}, "ndims": 2}`

func TestDamagedMetadata(t *testing.T) {
	if err := json.Unmarshal([]byte(sound), new(funlib.Metadata)); err != nil {
		t.Fatal(err)
	}
	for old, changed := range map[string]string{
		`"ndims": 2`:                    `"ndims": 3`,
		`["u", "v"]`:                    `["u"]`,
		`"position_attribute"`:          `"position"`,
		`"Vec(float, 2)"`:               `"complex"`,
		`"size": "int"`:                 `"size": 7`,
		`{"distance": "float"}`:         `["distance"]`,
		`"distance": "float"`:           `"dist ance": "float"`,
		`"nodes"`:                       `""`,
		`"total_roi_offset": [null, nu`: `"total_roi_offset": ["x", nu`,
	} {
		text := strings.Replace(sound, old, changed, 1)
		if text == sound {
			t.Fatalf("%s does not occur", old)
		}
		var m funlib.Metadata
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("with %s: %+v", changed, m)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(strings.Replace(sound, "[null, null]", "[1, -2]", 2)))
	f.Add([]byte(strings.Replace(sound, `"position"`, `"p\"x"`, 2)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, again funlib.Metadata
		if json.Unmarshal(data, &m) != nil {
			return
		}
		written, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v is written as %s and read as %+v, %v", m, written, again, err)
		}
	})
}
