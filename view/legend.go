package view

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// legendKey is where, below a layer, the names of its labels are served: as the viewer's segment properties, a source of its
// own beside the voxels (neuroglancer, src/datasource/precomputed/segment_properties.md).
const legendKey = "legend"

// A legend serves the names of labels beside their voxels.
type legend struct {
	tree
	doc []byte
}

// newLegend returns the tree with what its labels are called.
func newLegend(voxels tree, entries []Entry) (*legend, error) {
	type property struct {
		ID     string   `json:"id"`
		Type   string   `json:"type"`
		Values []string `json:"values"`
	}
	ids, names := make([]string, len(entries)), property{ID: "label", Type: "label"}
	for i, e := range entries {
		ids[i], names.Values = strconv.FormatUint(e.Label, 10), append(names.Values, e.Name)
	}
	doc, err := json.MarshalIndent(map[string]any{
		"@type":  "neuroglancer_segment_properties",
		"inline": map[string]any{"ids": ids, "properties": []property{names}},
	}, "", "  ")
	return &legend{voxels, doc}, err
}

// open implements tree.
func (l *legend) open(ctx context.Context, key string) (*object, error) {
	if key == legendKey+"/info" {
		return newObject(l.doc), nil
	}
	return l.tree.open(ctx, key)
}

// legendSource returns the URL of the names of the layer's labels in the viewer's words; base ends in a slash.
func (l *Layer) legendSource(base string) string {
	return "precomputed://" + base + url.PathEscape(l.Name) + "/" + legendKey + "/"
}

// legend returns the colours of labels that have a meaning, and what shows them.
func (l *Layer) legend() ordered {
	var colours ordered
	for _, e := range l.dataset.Legend {
		colours = append(colours, field{strconv.FormatUint(e.Label, 10), "#" + strings.ToLower(e.Colour)})
	}
	return ordered{{"selectedAlpha", 0.4}, {"segmentColors", colours}}
}
