package view

import (
	"context"
	"encoding/json"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// levels serves several levels of one thing as an OME-Zarr image, whose levels are called 0, 1, ….
type levels struct {
	docs  map[string][]byte // metadata of the group, by key
	trees []tree
}

var _ tree = (*levels)(nil)

// open implements tree.
func (l *levels) open(ctx context.Context, key string) (*object, error) {
	if doc, ok := l.docs[key]; ok {
		return newObject(doc), nil
	}
	level, rest, _ := strings.Cut(key, "/")
	n, err := strconv.Atoi(level)
	if err != nil || n < 0 || n >= len(l.trees) || strconv.Itoa(n) != level {
		return nil, fs.ErrNotExist
	}
	return l.trees[n].open(ctx, rest)
}

type ngffAxis struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Unit string `json:"unit,omitempty"`
}

type ngffTransform struct {
	Type        string    `json:"type"`
	Scale       []float64 `json:"scale,omitempty"`
	Translation []float64 `json:"translation,omitempty"`
}

type ngffDataset struct {
	Path       string          `json:"path"`
	Transforms []ngffTransform `json:"coordinateTransformations"`
}

// newLevels returns the image of levels whose axes are given, the finest first, in zarr format 2 or 3.
func newLevels(name string, format int, trees []tree, axes [][]axis) (*levels, error) {
	type multiscale struct {
		Version  string        `json:"version,omitempty"`
		Name     string        `json:"name"`
		Axes     []ngffAxis    `json:"axes"`
		Datasets []ngffDataset `json:"datasets"`
	}
	m := multiscale{Name: name}
	for _, a := range axes[0] {
		m.Axes = append(m.Axes, ngffAxisOf(a))
	}
	for i := range trees {
		m.Datasets = append(m.Datasets, ngffDataset{strconv.Itoa(i), transforms(axes[0], axes[i])})
	}
	type object = map[string]any
	files := map[string]any{}
	if format == 2 {
		m.Version = "0.4"
		files[".zgroup"] = object{"zarr_format": 2}
		files[".zattrs"] = object{"multiscales": []multiscale{m}}
	} else {
		files["zarr.json"] = object{"zarr_format": 3, "node_type": "group",
			"attributes": object{"ome": object{"version": "0.5", "multiscales": []multiscale{m}}}}
	}
	docs := map[string][]byte{}
	for key, v := range files {
		var err error
		if docs[key], err = json.MarshalIndent(v, "", "  "); err != nil {
			return nil, err
		}
	}
	return &levels{docs: docs, trees: trees}, nil
}

// ngffAxisOf describes an axis; space is counted in nanometres.
func ngffAxisOf(a axis) ngffAxis {
	switch {
	case a.channel():
		return ngffAxis{Name: strings.TrimRight(a.name, "^'"), Type: "channel"}
	case a.unit == "s":
		return ngffAxis{Name: a.name, Type: "time", Unit: "second"}
	}
	return ngffAxis{Name: a.name, Type: "space", Unit: "nanometer"}
}

// inputName is the viewer's own name of an image's axis.
func inputName(a axis) string {
	if a.channel() {
		return strings.TrimRight(a.name, "^'") + "'"
	}
	return a.name
}

// transforms places a level: the translation is where the level begins, as its own metadata have it. A level that claims to
// begin where the finest does was averaged, as a rule: the centre of its first voxel lies further inside.
func transforms(finest, level []axis) []ngffTransform {
	scale, translation := make([]float64, len(level)), make([]float64, len(level))
	for d, a := range level {
		first, fine := finest[d].inNanometres()
		translation[d], scale[d] = a.inNanometres()
		if translation[d] == first {
			translation[d] += (scale[d] - fine) / 2
		}
	}
	list := []ngffTransform{{Type: "scale", Scale: scale}}
	if slices.ContainsFunc(translation, func(v float64) bool { return v != 0 }) {
		list = append(list, ngffTransform{Type: "translation", Translation: translation})
	}
	return list
}
