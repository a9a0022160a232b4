package zarr

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"volara/zarr/pyjson"
)

// consolidateV3 takes the paths of nodes from the group's own zarr.json, where zarr-python puts their metadata once more.
// What is wrong with it is a warning: all of it can be read elsewhere.
func (g *Group) consolidateV3(f fields) {
	if !f.has("consolidated_metadata") {
		return
	}
	var c struct {
		Kind     string                     `json:"kind"`
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(f.raw["consolidated_metadata"], &c); err != nil || c.Kind != "inline" {
		g.warnings = append(g.warnings, fmt.Sprintf("%s: field \"consolidated_metadata\" is ignored: %s is not of the kind \"inline\"",
			f.file, pyjson.Excerpt(f.raw["consolidated_metadata"])))
		return
	}
	g.consolidated = []string{}
	for _, path := range sortedKeys(c.Metadata) {
		g.addConsolidated(f.file, path)
	}
}

// consolidateV2 takes the paths of nodes from a .zmetadata beside a .zgroup.
func (g *Group) consolidateV2(ctx context.Context) error {
	const key = ".zmetadata"
	if g.format != 2 {
		return nil
	}
	data, err := readKey(ctx, g.node, key)
	if data == nil || err != nil {
		return err
	}
	file := g.node.Name(key)
	var c struct {
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	if err := unmarshal(data, &c); err != nil || c.Metadata == nil {
		g.warnings = append(g.warnings, fmt.Sprintf("%s is ignored: it is not consolidated metadata", file))
		return nil
	}
	g.consolidated = []string{}
	for _, path := range sortedKeys(c.Metadata) {
		for _, name := range []string{"/.zarray", "/.zgroup"} {
			if node, ok := strings.CutSuffix(path, name); ok {
				g.addConsolidated(file, node)
			}
		}
	}
	return nil
}

// consolidates reports whether the group's own consolidated metadata lists a node of that name, or nodes below it.
func (g *Group) consolidates(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.consolidated, name) || len(below(g.consolidated, name)) > 0
}

// addConsolidated adds the path of a node, if it can be one.
func (g *Group) addConsolidated(file, path string) {
	path = strings.Trim(path, "/")
	if _, err := g.node.Child(path); err != nil {
		if !slices.ContainsFunc(g.warnings, func(w string) bool { return strings.HasPrefix(w, file) }) {
			g.warnings = append(g.warnings, fmt.Sprintf("%s: consolidated metadata of %q is ignored: not a path", file, path))
		}
		return
	}
	if len(g.consolidated) < maxMembers {
		g.consolidated = append(g.consolidated, path)
	}
}
