package zarr

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr/store"
)

// blind is a store that cannot list.
type blind struct{ store.Store }

func (b blind) List(context.Context, string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) { yield(store.Entry{}, store.ErrNoList) }
}

const smallV3 = `{"zarr_format": 3, "node_type": "array", "shape": [2], "data_type": "uint8", "fill_value": 0, "attributes": {"is": %q},
	"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}}, "chunk_key_encoding": "default", "codecs": ["bytes"]}`

const smallV2 = `{"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "|u1", "fill_value": 0, "order": "C", "filters": null, "compressor": null}`

// fillStore returns a store of values.
func fillStore(t *testing.T, values map[string]string) store.Store {
	t.Helper()
	s := store.NewMemory()
	for key, value := range values {
		if err := s.Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// members describes the members of a group in one line.
func members(t *testing.T, s store.Store, prefix string) string {
	t.Helper()
	g, err := OpenGroupNode(t.Context(), &store.Node{Store: s, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	return membersOf(t, g)
}

func membersOf(t *testing.T, g *Group) string {
	t.Helper()
	list, omitted, err := g.Members(t.Context(), 100)
	if err != nil || omitted != 0 {
		t.Fatal(omitted, err)
	}
	var b strings.Builder
	for _, m := range list {
		switch {
		case m.Err != nil && m.Array == nil && m.Group == nil:
			fmt.Fprintf(&b, "%s! ", m.Name)
		case m.Array != nil:
			fmt.Fprintf(&b, "%s:array%s ", m.Name, m.Array.Metadata().Attributes["is"])
		case m.Group.Format() == 0:
			fmt.Fprintf(&b, "%s:folder ", m.Name)
		default:
			fmt.Fprintf(&b, "%s:group%s ", m.Name, m.Group.Attributes()["is"])
		}
	}
	return strings.TrimSpace(b.String())
}

// TestMembers lists groups of both formats: the members' own files are what counts, also against stale consolidated
// metadata.
func TestMembers(t *testing.T) {
	stale := fmt.Sprintf(smallV3, "stale")
	own := map[string]string{
		"v3/zarr.json": `{"zarr_format": 3, "node_type": "group", "attributes": {"a": 1}, "consolidated_metadata": {"kind": "inline", "must_understand": false,
			"metadata": {"a": ` + stale + `, "g": {"zarr_format": 3, "node_type": "group"}, "g/b": ` + stale + `, "gone": ` + stale + `, "/../x": {}}}}`,
		"v3/a/zarr.json":     fmt.Sprintf(smallV3, "own"),
		"v3/a/c/0":           "12",
		"v3/new/zarr.json":   fmt.Sprintf(smallV3, "new"),
		"v3/bad/zarr.json":   strings.Replace(smallV3, `"uint8"`, `"string"`, 1),
		"v3/g/zarr.json":     `{"zarr_format": 3, "node_type": "group", "attributes": {"is": "group"}}`,
		"v3/g/b/zarr.json":   fmt.Sprintf(smallV3, "b"),
		"v3/notes/notes.txt": "no node",
		"v3/file":            "no node",
		"v2/.zgroup":         `{"zarr_format": 2}`,
		"v2/.zattrs":         `{"a": 1}`,
		"v2/.zmetadata": `{"zarr_consolidated_format": 1, "metadata": {".zgroup": {"zarr_format": 2}, "a/.zarray": {"shape": [99]}, "a/.zattrs": {"is": "stale"},
			"gone/.zarray": {}, "g/.zgroup": {"zarr_format": 2}, "g/b/.zarray": {}}}`,
		"v2/a/.zarray":    smallV2,
		"v2/a/.zattrs":    `{"is": "own"}`,
		"v2/g/.zgroup":    `{"zarr_format": 2}`,
		"v2/new/.zarray":  smallV2,
		"v2/bad/.zarray":  "{",
		"plain/a/.zarray": smallV2,
	}
	s := fillStore(t, own)
	for _, c := range []struct {
		store        store.Store
		prefix, want string
	}{
		{s, "v3/", `a:array"own" bad! g:group"group" new:array"new"`},
		{blind{s}, "v3/", `a:array"own" g:group"group" gone!`},
		{s, "v3/g/", `b:array"b"`},
		{s, "v2/", `a:array"own" bad! g:group new:array`},
		{blind{s}, "v2/", `a:array"own" g:group gone!`},
		{s, "plain/", `a:array`},
		{s, "", `plain:folder v2:group v3:group`},
	} {
		if got := members(t, c.store, c.prefix); got != c.want {
			t.Errorf("%q: %s, want %s", c.prefix, got, c.want)
		}
	}
	for _, prefix := range []string{"v3/", "v2/"} {
		g, err := OpenGroupNode(t.Context(), &store.Node{Store: s, Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		if string(g.Attributes()["a"]) != "1" || fmt.Sprint("v", g.Format(), "/") != prefix {
			t.Errorf("%s: format %d, attributes %s", prefix, g.Format(), g.Attributes())
		}
		if a, err := g.OpenArray(t.Context(), "a"); err != nil || a.Metadata().DType != nd.Uint8 {
			t.Errorf("%sa: %v", prefix, err)
		}
		if _, err := g.OpenArray(t.Context(), "../v2/a"); !fault.IsPermanent(err) {
			t.Errorf("a path that leaves the group: %v", err)
		}
		if _, err := g.OpenGroup(t.Context(), "g"); err != nil {
			t.Errorf("%sg: %v", prefix, err)
		}
		if _, err := g.OpenGroup(t.Context(), "a"); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "array") {
			t.Errorf("the array %sa as a group: %v", prefix, err)
		}
		if _, err := g.OpenGroup(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%snothing: %v", prefix, err)
		}
		if _, _, err := g.Members(cancelled(t), 9); err == nil {
			t.Error("listed though it was cancelled")
		}
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestBadGroups opens groups whose metadata cannot be read, or can be but is odd.
func TestBadGroups(t *testing.T) {
	for content, want := range map[string]string{
		`{`: "JSON",
		`{"zarr_format": 4, "node_type": "group"}`:                          "zarr_format",
		`{"zarr_format": 3, "node_type": "group", "attributes": 3}`:         "attributes",
		`{"zarr_format": 3, "node_type": "group", "links": [1]}`:            "links",
		`{"zarr_format": 3, "node_type": "group", "links": {"a": 1}}`:       "links",
		`{"zarr_format": 3, "node_type": "group", "must_understand": true}`: "must_understand",
	} {
		s := fillStore(t, map[string]string{"zarr.json": content})
		_, err := OpenGroupNode(t.Context(), &store.Node{Store: s})
		if !fault.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", content, err, want)
		}
	}
	for key, content := range map[string]string{".zgroup": "[]", ".zattrs": "{"} {
		s := fillStore(t, map[string]string{".zgroup": `{"zarr_format": 2}`})
		if err := s.Put(t.Context(), key, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenGroupNode(t.Context(), &store.Node{Store: s}); !fault.IsPermanent(err) || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %s: %v", key, content, err)
		}
	}
	for _, values := range []map[string]string{
		{"zarr.json": `{"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"kind": "elsewhere"}}`},
		{"zarr.json": `{"zarr_format": 3, "node_type": "group", "consolidated_metadata": [1]}`},
		{"zarr.json": `{"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"kind": "inline", "metadata": {"a/../b": {}}}}`},
		{"zarr.json": `{"zarr_format": 3, "node_type": "group"}`, ".zgroup": `{}`},
		{".zgroup": `{"zarr_format": 2}`, ".zmetadata": `[]`},
		{".zgroup": `{"zarr_format": 2}`, ".zmetadata": `{`},
	} {
		g, err := OpenGroupNode(t.Context(), &store.Node{Store: blind{fillStore(t, values)}})
		if err != nil {
			t.Errorf("%v: %v", values, err)
			continue
		}
		_, err = g.Names(t.Context())
		if len(g.Warnings()) != 1 || err != nil && !errors.Is(err, store.ErrNoList) {
			t.Errorf("%v: %q, %v: one warning is due", values, g.Warnings(), err)
		}
	}
	s := fillStore(t, map[string]string{"zarr.json": `{"zarr_format": 3, "node_type": "group", "hint": {"must_understand": false}}`})
	if _, err := OpenGroupNode(t.Context(), &store.Node{Store: s}); err != nil {
		t.Error(err)
	}
}

// TestOpenGroup opens groups on disk that zarr-python wrote: an array was deleted and attributes changed after the
// metadata was consolidated.
func TestOpenGroup(t *testing.T) {
	for _, format := range []string{"2", "3"} {
		s, err := store.OpenLocal("testdata/groups/v"+format, store.LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got, want := members(t, s, ""), `raw:array"raw, changed" volumes:group`; got != want {
			t.Errorf("v%s: %s, want %s", format, got, want)
		}
		if got, want := members(t, blind{s}, ""), `deleted! raw:array"raw, changed" volumes:group`; got != want {
			t.Errorf("v%s without lists: %s, want %s", format, got, want)
		}
		root, err := OpenGroupNode(t.Context(), &store.Node{Store: blind{s}})
		if err != nil {
			t.Fatal(err)
		}
		volumes, err := root.OpenGroup(t.Context(), "volumes/")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := membersOf(t, volumes), "labels:array"; got != want {
			t.Errorf("v%s volumes without lists: %s, want %s", format, got, want)
		}
	}
	g, err := OpenGroup(t.Context(), "testdata/arrays")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	list, _, err := g.Members(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/arrays/*")
	if err != nil || g.Format() != 0 || len(list) != len(paths) {
		t.Errorf("format %d, %d members of %d, %v", g.Format(), len(list), len(paths), err)
	}
	for _, m := range list {
		if m.Err != nil || m.Array == nil {
			t.Errorf("%s: %v", m.Name, m.Err)
		}
	}
	if some, omitted, err := g.Members(t.Context(), 20); err != nil || len(some) != 20 || omitted != len(paths)-20 {
		t.Errorf("20 members: %d and %d others, %v", len(some), omitted, err)
	}
	if _, err := OpenGroup(t.Context(), t.TempDir()); !errors.Is(err, ErrNotFound) {
		t.Errorf("an empty folder: %v", err)
	}
}
