package view

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// nameOf returns what people call the thing at a path: its last name, but for those that say nothing.
func nameOf(path string) string {
	parts := strings.Split(strings.Trim(filepath.ToSlash(path), "/"), "/")
	for len(parts) > 1 && len(parts[len(parts)-1]) < 3 && strings.Trim(parts[len(parts)-1], "s0123456789") == "" { // s0, 0: a level
		parts = parts[:len(parts)-1]
	}
	name := parts[len(parts)-1]
	for _, suffix := range []string{".ome.zarr", ".zarr", ".zip"} {
		if short := strings.TrimSuffix(name, suffix); short != "" {
			name = short
		}
	}
	return name
}

// names are those that a server's layers have had: a name means one dataset for as long as the server lives, so that a page
// which is open goes on reading what it began to read.
type names struct {
	given map[string]string // by the dataset's identity
	taken map[string]bool
}

// of returns the names of datasets, in their order: those that they had before, or else free ones.
func (n *names) of(datasets []Dataset) []string {
	if n.given == nil {
		n.given, n.taken = map[string]string{}, map[string]bool{}
	}
	list, count := make([]string, len(datasets)), map[string]int{}
	for i, d := range datasets {
		identity := d.identity()
		count[identity]++ // one array may be shown several times
		key := fmt.Sprintf("%d %s", count[identity], identity)
		if n.given[key] == "" {
			n.given[key] = freeName(d.Name, n.taken)
			n.taken[n.given[key]] = true
		}
		list[i] = n.given[key]
	}
	return list
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// freeName returns a name for a layer that is good in a URL and not yet taken.
func freeName(name string, taken map[string]bool) string {
	name = strings.Trim(notInNames.ReplaceAllString(name, "-"), "-.")
	if name == "" || name == stateName {
		name = "layer"
	}
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}
