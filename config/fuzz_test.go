package config

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"volara/geometry"
)

type fuzzed struct {
	A     []int                 `yaml:"a"`
	B     map[string]*fuzzed    `yaml:"b,required"`
	C     geometry.Coordinate   `yaml:"c"`
	R     *geometry.Roi         `yaml:"r"`
	D     Duration              `yaml:"d"`
	F     float32               `yaml:"f"`
	U     uint8                 `yaml:"u"`
	S     string                `yaml:"s"`
	T     bool                  `yaml:"t"`
	Any   any                   `yaml:"any"`
	Raw   json.RawMessage       `yaml:"raw"`
	Pairs map[string][2]float64 `yaml:"pairs"`
	Self  *Node                 `yaml:",node"`
}

// Whatever the text, Parse and Decode end soon, without panic, with errors that point into it; and a JSON text holds
// what encoding/json finds in it.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"a: [1, 2.0, 0x10]\nb: {x: {s: \"y\"}}\nc: [1]\nr: [[0], [1]]\nd: 1s\n", "x: &x {a: 1}\ny: {<<: *x, <<: [*x]}\n",
		"{\"a\": [1], \"b\": null}", "- - - a\n- ? b\n  : c\n", "a: |\n  x\n   y\nb: >-\n  z\n", "%YAML 1.2\n---\na: !!str 5\n...\n",
		"a: &a\nb: *a\n", "&a [*a]", "\ufeffa: 1\r\nb: 'it''s'\r\n", "a: 1\n---\nb: 1", "\ta: 1", "a: \"\\ud83d\\ude00\"", "'a': [",
		"? [a]\n: b\n", "a: !!int\n", "!!map {a: 1}", "a: # c\n  b: 1 # d\n", "*a : b", "&a a: *a", "\rA", "#\r\n0",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		begin := time.Now()
		root, err := Parse("fuzz", src)
		if err == nil {
			if text := root.JSON(); !json.Valid(text) {
				t.Errorf("JSON() is invalid: %s", text)
			}
			err = root.Decode(&fuzzed{})
			checkJSON(t, src, root)
		}
		checkErrors(t, src, err)
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%d bytes took %v", len(src), took)
		}
	})
}

func checkErrors(t *testing.T, src []byte, err error) {
	if err == nil {
		return
	}
	all, ok := errors.AsType[Errors](err)
	if !ok || len(all) == 0 {
		t.Fatalf("the error is no Errors: %T", err)
	}
	lines := len(newFile("", src).lines)
	for _, e := range all {
		if e.Line > lines || e.Line < 0 || e.Line > 0 && e.Column < 1 {
			t.Errorf("the place %d:%d is outside: %s", e.Line, e.Column, e)
		}
		_ = e.Render(true)
	}
	_ = err.Error()
}

func checkJSON(t *testing.T, src []byte, root *Node) {
	var want any
	if json.Unmarshal(src, &want) != nil {
		return
	}
	var got any
	if err := json.Unmarshal(root.JSON(), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v: %v", got, want, err)
	}
}

// Files made to exhaust a reader are refused, soon.
func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 30; i++ {
		prev, this := "*a"+string(rune('0'+(i-1)%10))+strings.Repeat("_", (i-1)/10), "a"+string(rune('0'+i%10))+strings.Repeat("_", i/10)
		bomb += this + ": &" + this + " [" + strings.Repeat(prev+" , ", 8) + prev + "]\n"
	}
	chain := "a0: &a0 {x: 1}\n"
	for i := range 90 {
		chain += strings.ReplaceAll(strings.ReplaceAll("aN: &aN {x: *aM}\n", "N", itoa(i+1)), "M", itoa(i))
	}
	merges := "a: &a {" + strings.Repeat("x", 1000) + ": [" + strings.Repeat("1, ", 20) + "1]}\n"
	for i := range 2_800 {
		merges += "m" + itoa(i) + ": {<<: *a}\n"
	}
	var fields strings.Builder
	for i := range 9_000 {
		fields.WriteString("k" + itoa(i) + ": 1\n")
	}
	var indents strings.Builder
	for i := range 200 {
		indents.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for _, c := range []struct{ name, src, want string }{
		{"alias bomb", bomb, "aliases expand"},
		{"merges", merges, "aliases expand"},
		{"many fields", fields.String(), "unknown field"},
		{"alias chain", chain, "aliases expand"},
		{"brackets", strings.Repeat("[", 10_000), "deep"},
		{"braces", strings.Repeat("{a: ", 100) + "1" + strings.Repeat("}", 100), "deep"},
		{"JSON brackets", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "deep"},
		{"dashes", strings.Repeat("- ", 10_000) + "x", "deep"},
		{"questions", strings.Repeat("? ", 10_000) + "x", ""},
		{"tags", strings.Repeat("!a ", 10_000) + "x", ""},
		{"anchors", strings.Repeat("&a ", 10_000) + "x", ""},
		{"indentation", indents.String() + "\n", "deep"},
		{"large", "a: " + strings.Repeat("x ", 400_000), "bytes"},
		{"large JSON", `["` + strings.Repeat("x", 9<<20) + `"]`, "bytes"},
		{"many words", "[" + strings.Repeat("1,", 100_000) + "]", "words"},
		{"many JSON values", "[" + strings.Repeat("1,", 600_000) + "1]", "values"},
		{"number", "a: " + strings.Repeat("9", 400_000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			root, err := Parse("x", []byte(c.src))
			if err == nil {
				err = root.Decode(&fuzzed{})
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %.300v, want %q", err, c.want)
			}
			if err != nil && len(err.Error()) > 20_000 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

func itoa(i int) string { b, _ := json.Marshal(i); return string(b) }

// The YAML library reads JSON to the same tree as the JSON parser does.
func TestParsersAgree(t *testing.T) {
	for _, src := range []string{
		`{"a": [1, -2.5e3, true, null, "x\ty\u00e9\ud83d\ude00\/"], "b": {"c": {}, "d": []}}`,
		"{\n\t\"a\":\n\t[1,\n2]\n}", `[[[["deep"]]], "a: b", "- c", "# no comment", "", " "]`, `"text"`, `12`,
	} {
		f := newFile("x", []byte(src))
		a, errs := parseJSON(f)
		b, more := parseYAML(f)
		if len(errs)+len(more) > 0 {
			t.Errorf("%s: %v %v", src, errs, more)
			continue
		}
		if string(a.JSON()) != string(b.JSON()) {
			t.Errorf("%s:\nas JSON %s\nas YAML %s", src, a.JSON(), b.JSON())
		}
		samePlaces(t, a, b)
	}
}

func samePlaces(t *testing.T, a, b *Node) {
	if p, q := a.file.place(a.at), b.file.place(b.at); p.line != q.line || p.column != q.column {
		t.Errorf("%s is at %+v by JSON and %+v by YAML", a.Path(), p, q)
	}
	for i := range a.children {
		samePlaces(t, a.children[i], b.children[i])
	}
}
