package zarr

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// A level is what an OME-Zarr image says of one of its arrays.
// Format: https://ngff.openmicroscopy.org/0.4/ and https://ngff.openmicroscopy.org/0.5/
type level struct {
	file               string // the metadata file of the image
	path               string // of the array, within the image
	axes               []ngffAxis
	scale, translation []float64 // of every axis; nil when not given
}

type ngffAxis struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Unit string `json:"unit"`
}

// UnmarshalJSON also takes a bare name, as version 0.3 has it.
func (a *ngffAxis) UnmarshalJSON(raw []byte) error {
	type plain ngffAxis
	if json.Unmarshal(raw, &a.Name) != nil {
		return json.Unmarshal(raw, (*plain)(a))
	}
	return nil
}

type ngffTransform struct {
	Type        string    `json:"type"`
	Path        string    `json:"path"`
	Scale       []float64 `json:"scale"`
	Translation []float64 `json:"translation"`
}

type ngffMultiscale struct {
	Version    string          `json:"version"`
	Axes       []ngffAxis      `json:"axes"`
	Transforms []ngffTransform `json:"coordinateTransformations"`
	Systems    json.RawMessage `json:"coordinateSystems"`
	Datasets   []struct {
		Path       string          `json:"path"`
		Transforms []ngffTransform `json:"coordinateTransformations"`
	} `json:"datasets"`
}

// firstLevel returns the first level of the image at a node, nil when there is no image.
func firstLevel(ctx context.Context, n *store.Node) (*level, error) {
	image, file, err := readImage(ctx, n)
	if image == nil || err != nil {
		return nil, err
	}
	if len(image.Datasets) == 0 {
		return nil, fault.Permanent(fmt.Errorf(`%s: field "multiscales[0].datasets": empty`, file))
	}
	l, err := image.level(file, 0)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	return l, nil
}

// findLevel returns what an image above the array at a node says of it, nil when no image does. The error is about an
// image that cannot be understood.
func findLevel(ctx context.Context, n *store.Node) (*level, error) {
	const deepest = 4
	rel := ""
	for range deepest {
		up, ok := n.Parent()
		if !ok {
			break
		}
		rel, n = path.Join(n.Base(), rel), up
		image, file, err := readImage(ctx, up)
		if err != nil {
			return nil, err
		}
		if image == nil {
			continue
		}
		for i, d := range image.Datasets {
			if d.Path == rel {
				return image.level(file, i)
			}
		}
	}
	return nil, nil
}

// readImage reads the first multiscale image of a group, nil when there is none at the node.
func readImage(ctx context.Context, n *store.Node) (*ngffMultiscale, string, error) {
	for _, name := range []string{"zarr.json", ".zattrs"} {
		file := n.Name(name)
		data, err := n.Get(ctx, name, metadataLimit)
		if err != nil {
			continue
		}
		var doc struct {
			Multiscales []ngffMultiscale `json:"multiscales"`
			Attributes  struct {
				OME struct {
					Version     string           `json:"version"`
					Multiscales []ngffMultiscale `json:"multiscales"`
				} `json:"ome"`
				Multiscales []ngffMultiscale `json:"multiscales"`
			} `json:"attributes"`
		}
		if err := json.Unmarshal(quoteNonFinite(data), &doc); err != nil {
			return nil, file, fault.Permanent(fmt.Errorf("%s: OME-Zarr metadata: %w", file, err))
		}
		for _, list := range [][]ngffMultiscale{doc.Attributes.OME.Multiscales, doc.Attributes.Multiscales, doc.Multiscales} {
			if len(list) > 0 {
				return &list[0], file, nil
			}
		}
	}
	return nil, "", nil
}

// level returns the i-th level of an image.
func (s *ngffMultiscale) level(file string, i int) (*level, error) {
	field := func(name, format string, args ...any) error {
		return fmt.Errorf("%s: field %q: %w", file, name, fmt.Errorf(format, args...))
	}
	if s.Systems != nil {
		return nil, field("multiscales[0].coordinateSystems",
			"the image is of a version later than 0.5, which is not supported; 0.4 and 0.5 are")
	}
	d := s.Datasets[i]
	name := fmt.Sprintf("multiscales[0].datasets[%d]", i)
	if clean := path.Clean(d.Path); d.Path == "" || clean == ".." ||
		strings.HasPrefix(clean, "../") || strings.HasPrefix(clean, "/") {
		return nil, field(name+".path", "%q is not a path within the image", d.Path)
	}
	l := &level{file: file, path: d.Path, axes: s.Axes}
	for _, t := range slices.Concat(d.Transforms, s.Transforms) {
		if err := l.apply(t); err != nil {
			return nil, field(name+".coordinateTransformations", "%w", err)
		}
	}
	return l, nil
}

// apply adds a transformation after those before it.
func (l *level) apply(t ngffTransform) error {
	switch {
	case t.Path != "":
		return fmt.Errorf("a transformation in a file, %q, is not supported", t.Path)
	case t.Type == "identity":
		return nil
	case t.Type == "scale":
		if l.scale != nil && len(l.scale) != len(t.Scale) {
			return fmt.Errorf("scales of %d and %d axes", len(l.scale), len(t.Scale))
		}
		l.scale = combine(l.scale, t.Scale, func(a, b float64) float64 { return a * b })
		if l.translation != nil {
			if len(l.translation) != len(t.Scale) {
				return fmt.Errorf("a translation of %d axes and a scale of %d", len(l.translation), len(t.Scale))
			}
			l.translation = combine(l.translation, t.Scale, func(a, b float64) float64 { return a * b })
		}
		return nil
	case t.Type == "translation":
		if l.translation != nil && len(l.translation) != len(t.Translation) {
			return fmt.Errorf("translations of %d and %d axes", len(l.translation), len(t.Translation))
		}
		l.translation = combine(l.translation, t.Translation, func(a, b float64) float64 { return a + b })
		return nil
	}
	return fmt.Errorf("type %q is not supported; scale, translation and identity are", t.Type)
}

// combine joins two vectors; a nil one stands for whatever leaves the other as it is.
func combine(a, b []float64, join func(a, b float64) float64) []float64 {
	r := slices.Clone(b)
	for i := range a {
		r[i] = join(a[i], b[i])
	}
	return r
}
