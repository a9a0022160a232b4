package ngff

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"volara/fault"
)

// A Multiscale is an image in several resolutions, each an array.
type Multiscale struct {
	Name       string          `json:"name,omitempty"`
	Version    string          `json:"version,omitempty"` // up to 0.4
	Type       string          `json:"type,omitempty"`    // how the levels were made, such as "gaussian"
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	Axes       []Axis          `json:"axes"` // nil before version 0.3
	Datasets   []Dataset       `json:"datasets"`
	Transforms []Transform     `json:"coordinateTransformations,omitempty"` // after those of the datasets

	systems json.RawMessage // of versions later than 0.5
	group   *Group
	field   string
}

// A Dataset names the array of one level, the finest first.
type Dataset struct {
	Path       string      `json:"path"` // below the image's group
	Transforms []Transform `json:"coordinateTransformations,omitempty"`
}

// Multiscales returns the images of the group; most have one.
func (g *Group) Multiscales() ([]Multiscale, error) {
	var list []struct {
		Multiscale
		Name    json.RawMessage `json:"name"` // these three may be anything: no level depends on them
		Version json.RawMessage `json:"version"`
		Type    json.RawMessage `json:"type"`
		Systems json.RawMessage `json:"coordinateSystems"`
	}
	if _, err := g.decode(keyMultiscales, &list); err != nil {
		return nil, err
	}
	images := make([]Multiscale, len(list))
	for i, m := range list {
		images[i] = m.Multiscale
		images[i].Name, images[i].Version, images[i].Type = textOf(m.Name), textOf(m.Version), textOf(m.Type)
		images[i].systems, images[i].group, images[i].field = m.Systems, g, fmt.Sprintf("multiscales[%d]", i)
	}
	return images, nil
}

// textOf returns a JSON text, "" for anything else.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Image returns the first image of the group, nil when it has none.
func (g *Group) Image() (*Multiscale, error) {
	images, err := g.Multiscales()
	if err != nil || len(images) == 0 {
		return nil, err
	}
	m := &images[0]
	if len(m.Datasets) == 0 {
		return nil, g.errorf(m.field+".datasets", "empty; an image has at least one level")
	}
	return m, nil
}

// Group returns the group that the image is in.
func (m *Multiscale) Group() *Group { return m.group }

// A Level is one array of an image, and where it is in the world.
type Level struct {
	// Index is the level's place in the image's list, Path the array's below the image's group.
	Index int
	Path  string
	// File is the file that says so.
	File string
	// Axes are the image's; nil where it names none.
	Axes []Axis
	// Scale and Translation are the size of a voxel and the position of the first along every axis, in the axis's unit:
	// the dataset's transformations, followed by the image's. nil is one that is not given.
	Scale, Translation []float64
}

// Level returns a level of the image. The error is about a transformation or a path that is not supported.
func (m *Multiscale) Level(i int) (*Level, error) {
	if m.systems != nil {
		return nil, m.group.errorf(m.field+".coordinateSystems",
			"the image is of a version later than 0.5, which is not supported; 0.4 and 0.5 are")
	}
	if i < 0 || i >= len(m.Datasets) {
		return nil, fault.Permanent(fmt.Errorf("%s: there is no level %d; the image has %d, from 0 (%s)", m.group.File, i,
			len(m.Datasets), strings.Join(m.paths(), ", ")))
	}
	d := m.Datasets[i]
	field := fmt.Sprintf("%s.datasets[%d]", m.field, i)
	if !isLocal(d.Path) {
		return nil, m.group.errorf(field+".path", "%q is not a path within the image", d.Path)
	}
	l := &Level{Index: i, Path: path.Clean(d.Path), File: m.group.File, Axes: m.Axes}
	for _, list := range [][]Transform{d.Transforms, m.Transforms} {
		for _, t := range list {
			if err := l.apply(t); err != nil {
				return nil, m.group.errorf(field+".coordinateTransformations", "%w", err)
			}
		}
	}
	return l, nil
}

// Levels returns all levels of the image.
func (m *Multiscale) Levels() ([]*Level, error) {
	levels := make([]*Level, len(m.Datasets))
	for i := range levels {
		var err error
		if levels[i], err = m.Level(i); err != nil {
			return nil, err
		}
	}
	return levels, nil
}

// Find returns the index of the level at a path below the image's group, -1 when there is none.
func (m *Multiscale) Find(array string) int {
	for i, d := range m.Datasets {
		if isLocal(d.Path) && path.Clean(d.Path) == array {
			return i
		}
	}
	return -1
}

func (m *Multiscale) paths() []string {
	var paths []string
	for _, d := range m.Datasets {
		paths = append(paths, d.Path)
	}
	return paths
}

// isLocal reports whether a path leads to something inside the group that gives it.
func isLocal(p string) bool {
	clean := path.Clean(p)
	return p != "" && clean != "." && clean != ".." && !strings.HasPrefix(clean, "../") && !path.IsAbs(clean) &&
		!strings.ContainsAny(p, "\\\x00")
}

// AxesFor returns the axes of an array of so many dimensions, nil when the level's do not fit it. Images of the first
// versions name no axes; theirs are t, c, z, y, x.
func (l *Level) AxesFor(dims int) []Axis {
	axes := l.Axes
	if axes == nil {
		axes = oldAxes()
	}
	if len(axes) != dims || l.Scale != nil && len(l.Scale) != dims || l.Translation != nil && len(l.Translation) != dims {
		return nil
	}
	return axes
}
