package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAstray follows links: down, out and to files they are followed, back and nowhere they are not.
func TestAstray(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"root/a/deep", "root/b", "elsewhere"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"root/out": "../elsewhere", "root/down": "a/deep", "root/self": "self", "root/here": ".", "root/top": "/", "root/gone": "nowhere",
		"root/a/up": "..", "root/a/across": "../b", "root/b/back": "../a",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		node, name string
		astray     bool
	}{
		{"root", "a", false}, {"root", "out", false}, {"root", "down", false}, {"root", "missing", false},
		{"root", "self", true}, {"root", "here", true}, {"root", "top", true}, {"root", "gone", true}, {"root/a", "up", true},
		{"root/a", "across", false}, {"root/a/across", "back", true}, {"root/b", "back", false}, {"root/b/back", "across", true},
	} {
		n, err := Open(t.Context(), filepath.Join(dir, c.node), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if why := n.Astray(c.name); (why != "") != c.astray {
			t.Errorf("%s in %s: %q", c.name, c.node, why)
		}
	}
	if why := (&Node{Store: NewMemory()}).Astray("a"); why != "" {
		t.Error(why)
	}
}

// TestListThroughLinks lists a folder, and one below it, that are links.
func TestListThroughLinks(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLocal(filepath.Join(dir, "real"), LocalOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), "a/b", []byte("12")); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "real", "real/below": "a"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, prefixes := range map[string]map[string]string{"link": {"": "a/b", "a/": "a/b"}, "real": {"below/": "below/b"}, "link/below": {"": "b"}} {
		l, err := OpenLocal(filepath.Join(dir, path), LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for prefix, want := range prefixes {
			found := false
			for e, err := range l.List(t.Context(), prefix) {
				if err != nil {
					t.Fatal(err)
				}
				found = found || e == Entry{Key: want, Size: 2}
			}
			if !found {
				t.Errorf("%s: %q does not list %s", path, prefix, want)
			}
		}
	}
}
