package zarr

import (
	"fmt"
	"strings"
	"testing"
)

// TestSetAttributesKeepsWords sets an attribute beside others that hold NaN, as Python writes it.
func TestSetAttributesKeepsWords(t *testing.T) {
	const attrs = `{"a": [NaN, "NaN"], "b": {"c": -Infinity}, "d": "<&>"}`
	for key, files := range map[string]map[string]string{
		"zarr.json": {"zarr.json": strings.Replace(fmt.Sprintf(smallV3, ""), `{"is": ""}`, attrs, 1)},
		".zattrs":   {".zarray": smallV2, ".zattrs": attrs},
	} {
		s := fillStore(t, files)
		a, err := OpenStore(t.Context(), s, "")
		if err != nil {
			t.Fatal(err)
		}
		m := a.Metadata()
		if err := a.SetAttributes(t.Context(), map[string]any{"new": "<u2", "again": m.Attributes["a"]}); err != nil {
			t.Fatal(err)
		}
		data, err := s.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(data)), " ")
		for _, want := range []string{`"a": [ NaN, "NaN" ]`, `"again": [ NaN, "NaN" ]`, `"c": -Infinity`, `"d": "<&>"`, `"new": "<u2"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s is not in %s", key, want, text)
			}
		}
		var list []any
		if m = a.Metadata(); len(m.Attributes) != 5 {
			t.Errorf("%s: %s", key, m.Attributes)
		}
		if _, err := m.Attribute("a", &list); err != nil || fmt.Sprint(list) != "[NaN NaN]" {
			t.Errorf("%s: %v, %v", key, list, err)
		}
	}
}
