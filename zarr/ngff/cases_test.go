package ngff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestCases makes every change of testdata/cases.json to its documents and compares the verdict with that of the published
// schemas.
func TestCases(t *testing.T) {
	var file struct {
		Changes map[string]any
		Cases   []struct {
			Kind         Kind
			Version      string
			Strict       bool
			Document     json.RawMessage
			ValidInvalid map[string][2]string `json:"valid_invalid"`
		}
	}
	readJSON(t, "testdata/cases.json", &file)
	count := 0
	for _, c := range file.Cases {
		if found := Check("doc", c.Document, c.Kind, c.Version, c.Strict); len(found.Broken)+len(found.Beyond) > 0 {
			t.Errorf("%s %s: the document itself: %+v", c.Kind, c.Version, found)
		}
		for pointer, verdicts := range c.ValidInvalid {
			for i, changes := range verdicts {
				for _, change := range changes {
					root := changed(t, c.Document, pointer, string(change), file.Changes)
					doc, err := json.Marshal(root)
					if err != nil {
						t.Fatal(err)
					}
					found := Check("doc", doc, c.Kind, c.Version, c.Strict)
					if valid := len(found.Broken) == 0; valid != (i == 0) {
						t.Errorf("%s %s strict %v: %s %c: valid %v: %+v\n%s", c.Kind, c.Version, c.Strict, pointer, change, valid, found, doc)
					}
					checkPlaces(t, root, found)
					count++
				}
			}
		}
	}
	if count < 2500 {
		t.Errorf("%d cases only", count)
	}
}

// changed makes one change to a document.
func changed(t *testing.T, doc json.RawMessage, pointer, change string, values map[string]any) any {
	t.Helper()
	if pointer == "" {
		return values[change]
	}
	var root any
	if err := json.Unmarshal(doc, &root); err != nil {
		t.Fatal(err)
	}
	at := strings.Split(pointer, "/")[1:]
	return edit(root, at, func(old any) (any, bool) {
		switch change {
		case "-":
			return nil, false
		case "+":
			list := old.([]any)
			return append(slices.Clone(list), list[0]), true
		}
		return values[change], true
	})
}

// edit returns v with the value at a path replaced, or removed when replace says so.
func edit(v any, at []string, replace func(any) (any, bool)) any {
	switch v := v.(type) {
	case map[string]any:
		inner, keep := v[at[0]], true
		if len(at) == 1 {
			inner, keep = replace(inner)
		} else {
			inner = edit(inner, at[1:], replace)
		}
		if v[at[0]] = inner; !keep {
			delete(v, at[0])
		}
		return v
	case []any:
		i, _ := strconv.Atoi(at[0])
		if len(at) > 1 {
			v[i] = edit(v[i], at[1:], replace)
			return v
		}
		inner, keep := replace(v[i])
		if v[i] = inner; !keep {
			return slices.Delete(v, i, i+1)
		}
		return v
	}
	panic(fmt.Sprintf("%v in %v", at, v))
}
