package pyjson

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRoundTrip reads documents and writes them again: words stay words, strings that look like them stay strings, and
// nothing is escaped that Python leaves as it is.
func TestRoundTrip(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": NaN, "b": [Infinity, -Infinity]}`:               `{"a":NaN,"b":[Infinity,-Infinity]}`,
		`{"a": "NaN", "b": ["Infinity", "-Infinity"]}`:         `{"a":"NaN","b":["Infinity","-Infinity"]}`,
		`{"a": "\u004eaN", "\u0049nfinity": "-\u0049nfinity"}`: `{"Infinity":"-Infinity","a":"NaN"}`,
		`{"a": "\\u004eaN", "b": "\"NaN\"", "c": " NaN"}`:      `{"a":"\\u004eaN","b":"\"NaN\"","c":" NaN"}`,
		`{"NaN": {"NaN": NaN}}`:                                `{"NaN":{"NaN":NaN}}`,
		`{"dtype": "<u2", "url": "a&b>c"}`:                     `{"dtype":"<u2","url":"a&b>c"}`,
		`{"big": 18446744073709551615, "x": 1.50}`:             `{"big":18446744073709551615,"x":1.50}`,
	} {
		var doc map[string]json.RawMessage
		if err := Unmarshal([]byte(in), &doc); err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		kept, err := Raw(doc) // as an inner value is
		if err != nil {
			t.Fatal(err)
		}
		out, err := Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		if got := compact(string(out)); got != compact(want) {
			t.Errorf("%s came back as %s, want %s", in, got, want)
		}
		values := map[string]any{}
		for name, raw := range doc {
			if values[name], err = Any(raw); err != nil {
				t.Fatal(err)
			}
		}
		if out, err = Marshal(values); err != nil || compact(string(out)) != compact(want) {
			t.Errorf("%s by way of values came back as %s, want %s, %v", in, out, want, err)
		}
	}
	for _, bad := range []string{`{NaN: 1}`, `{"a": NaNa}`, `[-NaN]`, `{"a": Inf}`, `[NaN] 1`, `[`, ``} {
		var v any
		if err := Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s was read as %v", bad, v)
		}
	}
}

func compact(text string) string {
	return strings.NewReplacer(": ", ":", ",\n", ",", "\n", "", "  ", "").Replace(text)
}

// TestWords decodes words as what is documented.
func TestWords(t *testing.T) {
	var doc struct{ A, B, C json.RawMessage }
	if err := Unmarshal([]byte(`{"A": [NaN, "NaN"], "B": {"x": -Infinity}, "C": "Infinity"}`), &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		raw    json.RawMessage
		want   any
		strict string
	}{
		{doc.A, []any{NonFinite("NaN"), "NaN"}, `["NaN", "NaN"]`},
		{doc.B, map[string]any{"x": NonFinite("-Infinity")}, `{"x": "-Infinity"}`},
		{doc.C, "Infinity", `"Infinity"`},
	} {
		if v, err := Any(c.raw); err != nil || !reflect.DeepEqual(v, c.want) {
			t.Errorf("%s: %#v, %v", c.raw, v, err)
		}
		if got := string(Strict(c.raw)); got != c.strict {
			t.Errorf("%s: %s, want %s", c.raw, got, c.strict)
		}
	}
	if _, err := Raw(NonFinite("Inf")); err == nil {
		t.Error("a word that there is not was encoded")
	}
}

// TestAnyValue writes values of all kinds and reads them again.
func TestAnyValue(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Map(rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity"}), func(s string) any { return NonFinite(s) }),
		rapid.Map(rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", `\u004eaN`, `"NaN"`, `\`, "<&>", "\u2028", ""}), func(s string) any { return s }),
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "") }),
		rapid.Just(any(json.Number("1.50"))), rapid.Just(any(true)), rapid.Just(any(nil)),
	)
	list := rapid.Map(rapid.SliceOf(leaf), func(l []any) any { return append([]any{}, l...) })
	value := rapid.MapOf(rapid.Map(rapid.String(), func(s string) string { return strings.ToValidUTF8(s, "") }), rapid.OneOf(leaf, list))
	rapid.Check(t, func(t *rapid.T) {
		want := value.Draw(t, "value")
		text, err := Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		if err := Unmarshal(text, &raw); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, err := Any(raw); err != nil || !reflect.DeepEqual(got, any(want)) {
			t.Fatalf("%s: %#v, want %#v, %v", text, got, want, err)
		}
	})
}

// TestPython lets Python read what is written, and reads what it writes.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no Python; the other tests stand alone")
		return
	}
	const doc = `{"a": [NaN, -Infinity, Infinity, "NaN"], "b": "<u2"}`
	var v map[string]json.RawMessage
	if err := Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	text, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(python, "-c", "import json, sys; print(json.dumps(json.load(sys.stdin)))")
	c.Stdin = strings.NewReader(string(text))
	if out, err := c.Output(); err != nil || strings.TrimSpace(string(out)) != doc {
		t.Errorf("%s, %v; want %s", out, err, doc)
	}
}
