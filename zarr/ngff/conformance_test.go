package ngff

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// conformanceDir holds the specification's own suites, where they have been fetched.
const conformanceDir = "../../../shared/conformance"

// TestSuites checks every case of the specification's suites for the verdict that it states.
func TestSuites(t *testing.T) {
	cases := 0
	for _, version := range []string{"0.4", "0.5"} {
		files, _ := filepath.Glob(filepath.Join(conformanceDir, "ngff-spec-"+version, "tests", "*_suite.json"))
		for _, file := range files {
			var suite struct {
				Tests []struct {
					Formerly string
					Data     json.RawMessage
					Valid    bool
				}
			}
			readJSON(t, file, &suite)
			kind, strict := schemaOf(filepath.Base(file))
			for _, c := range suite.Tests {
				cases++
				found := Check("doc", c.Data, kind, version, strict)
				if valid := len(found.Broken) == 0; valid != c.Valid {
					t.Errorf("%s %s %s: valid %v, want %v: %+v\n%s", version, filepath.Base(file), c.Formerly, valid, c.Valid, found.Broken, c.Data)
				}
				var root any
				if err := json.Unmarshal(c.Data, &root); err != nil {
					t.Fatal(err)
				}
				checkPlaces(t, root, found)
			}
		}
	}
	if _, err := os.Stat(conformanceDir); err != nil {
		t.Log("no suites; the table of cases stands alone")
	} else if cases != 178 {
		t.Errorf("%d cases, want 178", cases)
	}
}

// TestExamples checks the specification's examples, which are all valid.
func TestExamples(t *testing.T) {
	examples := 0
	defer func() {
		if _, err := os.Stat(conformanceDir); err == nil && examples != 20 {
			t.Errorf("%d examples, want 20", examples)
		}
	}()
	for _, version := range []string{"0.4", "0.5"} {
		files, _ := filepath.Glob(filepath.Join(conformanceDir, "ngff-spec-"+version, "examples", "*", "[a-z]*.json"))
		for _, file := range files {
			examples++
			var config struct{ Schema string }
			readJSON(t, filepath.Join(filepath.Dir(file), ".config.json"), &config)
			kind, strict := schemaOf(filepath.Base(config.Schema))
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data = regexp.MustCompile(`(?m)^(.*[\s,{\[])?//.*$`).ReplaceAll(data, []byte("$1")) // two have comments
			var node struct{ Attributes json.RawMessage }
			if json.Unmarshal(data, &node) == nil && node.Attributes != nil {
				data = node.Attributes
			}
			if found := Check("doc", data, kind, version, strict); len(found.Broken)+len(found.Beyond) > 0 {
				t.Errorf("%s: %+v", file, found)
			}
		}
	}
}

// schemaOf returns the schema that a file's name names.
func schemaOf(name string) (kind Kind, strict bool) {
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ".schema"), "_suite")
	name, strict = strings.CutPrefix(name, "strict_")
	return Kind(name), strict
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkPlaces verifies that every problem is at a value of the document.
func checkPlaces(t *testing.T, root any, found Problems) {
	t.Helper()
	for _, list := range [][]Problem{found.Broken, found.Beyond, found.Advice} {
		for _, p := range list {
			if !pointsInto(root, strings.TrimPrefix(p.Where, "doc#")) || p.What == "" {
				t.Errorf("%+v is nowhere in %v", p, root)
			}
		}
	}
}

func pointsInto(v any, pointer string) bool {
	for _, name := range strings.Split(pointer, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch inner := v.(type) {
		case map[string]any:
			next, ok := inner[name]
			if !ok {
				return false
			}
			v = next
		case []any:
			var i int
			if json.Unmarshal([]byte(name), &i) != nil || i >= len(inner) {
				return false
			}
			v = inner[i]
		default:
			return false
		}
	}
	return true
}
