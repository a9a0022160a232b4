package validate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/zarr/store"
)

// conformanceDir holds the specification's own suites and other projects' stores, where they have been fetched.
const conformanceDir = "../../../shared/conformance"

// TestSuites puts every document of the specification's suites into a store, alone and as a file: what it describes is found
// out, and the verdict is the suite's.
func TestSuites(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(conformanceDir, "ngff-spec-0.?", "tests", "*_suite.json"))
	cases := 0
	defer func() {
		if _, err := os.Stat(conformanceDir); err == nil && cases != 178 {
			t.Errorf("%d cases, want 178", cases)
		}
	}()
	for _, file := range files {
		var suite struct {
			Tests []struct {
				Formerly string
				Data     json.RawMessage
				Valid    bool
			}
		}
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &suite)
		}
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Strict: strings.HasPrefix(filepath.Base(file), "strict_")}
		for _, c := range suite.Tests {
			cases++
			if r := Document("doc", c.Data, o); r.Valid != c.Valid {
				t.Errorf("%s %s: %+v, want %v\n%s", file, c.Formerly, r, c.Valid, c.Data)
			}
			if r := nodeOf(t, c.Data, o); r.Valid != c.Valid && !(o.Strict && c.Valid) {
				t.Errorf("%s %s: %+v in a store, want %v\n%s", file, c.Formerly, r, c.Valid, c.Data)
			}
		}
	}
}

// nodeOf checks metadata that is alone in a store.
func nodeOf(t *testing.T, doc []byte, o Options) Report {
	t.Helper()
	s := store.NewMemory()
	files := map[string]string{".zgroup": `{"zarr_format": 2}`, ".zattrs": string(doc)}
	if strings.Contains(string(doc), `"ome"`) {
		files = map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "group", "attributes": ` + string(doc) + `}`}
	}
	for key, data := range files {
		if err := s.Put(t.Context(), key, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Node(t.Context(), &store.Node{Store: s}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStores checks what other projects have written.
func TestStores(t *testing.T) {
	if _, err := os.Stat(conformanceDir); err != nil {
		t.Log("no conformance data; the other tests stand alone")
		return
	}
	for path, want := range map[string]struct {
		valid bool
		what  string
	}{
		"ome-zarr-py-real/fib25_0.4.ome.zarr": {true, ""},
		"ome-zarr-py-real/fib25_0.5.ome.zarr": {true, ""},
		"zarr-java/testdata/ome/v0.4":         {false, "window"},
		"zarr-java/testdata/ome/v0.4_hcs":     {true, ""},
		"zarr-java/testdata/ome/v0.5":         {false, "belongs into the attribute"},
		"zarr-java/testdata/ome/v0.5_hcs":     {true, "dimension_names"},
		"ome-zarr-py/tests/data/v1":           {false, ""},
		"ome-zarr-py/tests/data/v2":           {false, ""},
		"volara/v3.zarr/affs":                 {true, ""},
		"volara/v3.zarr":                      {false, "neither"},
		"zarr-java/testdata/ome/v0.6_scene/example1_instrument_registration.zarr/sampleA_instrument1": {false, "0.6"},
	} {
		n, err := store.Open(t.Context(), filepath.Join(conformanceDir, path), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Node(t.Context(), n, Options{})
		text, _ := json.Marshal(r)
		if err != nil || r.Valid != want.valid || !strings.Contains(string(text), want.what) {
			t.Errorf("%s: %s, %v; want %v", path, text, err, want)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
