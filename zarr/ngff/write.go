package ngff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"volara/fault"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// An Image is what to write of an image.
type Image struct {
	Name string
	// Axes are those of every array: time, then channels, then space, with units as in UnitName.
	Axes []Axis
	// Levels are the arrays, the finest first. Scale and Translation have a number for every axis; a nil Translation is 0.
	Levels []Level
	// Method says how the levels were made, in the metadata's "type"; Metadata may say more of that.
	Method   Method
	Metadata any
	// Omero and Label are written where they are not nil; Label makes it a label image, of the image around the group
	// "labels" unless its Source says otherwise.
	Omero *Omero
	Label *ImageLabel
}

// WriteImage makes the group at a node an image: of version 0.5 in zarr v3, of 0.4 in v2. Whatever else the group's
// attributes hold stays. Metadata that would not be valid is an error and is not written; whether the arrays are there and
// fit is package validate's to tell.
func WriteImage(ctx context.Context, n *store.Node, format int, image Image) error {
	parts, err := image.parts(format)
	if err == nil {
		err = setParts(ctx, n, format, parts)
	}
	if err != nil {
		return fmt.Errorf("writing the image %s: %w", n, err)
	}
	return nil
}

// parts returns what belongs into the group's metadata.
func (image Image) parts(format int) (map[string]any, error) {
	m := Multiscale{Name: image.Name, Type: string(image.Method), Axes: image.Axes, Datasets: []Dataset{}}
	if format == 2 {
		m.Version = "0.4"
	}
	if image.Metadata != nil {
		raw, err := pyjson.Raw(image.Metadata)
		if err != nil {
			return nil, err
		}
		m.Metadata = raw
	}
	for _, l := range image.Levels {
		d := Dataset{Path: l.Path, Transforms: []Transform{{Type: "scale", Scale: l.Scale}}}
		if l.Translation != nil {
			d.Transforms = append(d.Transforms, Transform{Type: "translation", Translation: l.Translation})
		}
		m.Datasets = append(m.Datasets, d)
	}
	parts := map[string]any{keyMultiscales: []Multiscale{m}}
	if image.Omero != nil {
		parts[keyOmero] = image.Omero
	}
	if image.Label != nil {
		label := *image.Label
		if label.Source == nil {
			label.Source = &LabelSource{Image: label.SourceImage()}
		}
		if format == 2 {
			label.Version = "0.4"
		}
		parts[keyImageLabel] = label
	}
	return parts, nil
}

// AddLabels lists label images, by their paths below the group "labels", in that group below the image at a node; those
// that are listed stay. The images themselves are WriteImage's.
func AddLabels(ctx context.Context, image *store.Node, format int, paths ...string) error {
	n, err := image.Child(keyLabels)
	if err != nil {
		return err
	}
	err = writeParts(ctx, n, format, func(old *Group) (map[string]any, error) {
		var listed []string
		if old != nil {
			if listed, err = old.Labels(); err != nil {
				return nil, err
			}
		}
		for _, p := range paths {
			if p = path.Clean(p); !slices.Contains(listed, p) {
				listed = append(listed, p)
			}
		}
		return map[string]any{keyLabels: listed}, nil
	})
	if err != nil {
		return fmt.Errorf("listing the labels %q of %s: %w", paths, image, err)
	}
	return nil
}

// WritePlate makes the group at a node a plate, and WriteWell one of its wells.
func WritePlate(ctx context.Context, n *store.Node, format int, plate Plate) error {
	if plate.Version = ""; format == 2 {
		plate.Version = "0.4"
	}
	return setParts(ctx, n, format, map[string]any{keyPlate: plate})
}

// WriteWell makes the group at a node a well.
func WriteWell(ctx context.Context, n *store.Node, format int, well Well) error {
	if well.Version = ""; format == 2 {
		well.Version = "0.4"
	}
	return setParts(ctx, n, format, map[string]any{keyWell: well})
}

// setParts is writeParts of what does not depend on what was there.
func setParts(ctx context.Context, n *store.Node, format int, parts map[string]any) error {
	return writeParts(ctx, n, format, func(*Group) (map[string]any, error) { return parts, nil })
}

// writeParts sets parts of a group's metadata, and creates the group where there is none. parts is given what the metadata
// says of OME-NGFF, nil for nothing; what others write at the same time is not lost (see store.Change).
func writeParts(ctx context.Context, n *store.Node, format int, parts func(old *Group) (map[string]any, error)) error {
	if err := fitting(ctx, n, format); err != nil {
		return err
	}
	name := fileV3
	if format == 2 {
		name = fileV2
	}
	var without error // why what is there cannot have the parts
	change := func(old []byte) ([]byte, error) {
		data, err := withParts(n.Name(name), old, format, parts)
		without = err
		return data, err
	}
	err := store.Change(ctx, n, name, metadataLimit, nil, change)
	if without != nil || errors.Is(err, store.ErrRange) {
		return fault.Permanent(err)
	}
	if err == nil && format == 2 && !n.Has(ctx, ".zgroup") {
		err = n.Store.Put(ctx, n.Prefix+".zgroup", []byte("{\n  \"zarr_format\": 2\n}\n"))
	}
	return err
}

// fitting refuses a node where an array is, which is no group, or one of the other format, which would hide what is written
// or be hidden by it.
func fitting(ctx context.Context, n *store.Node, format int) error {
	others := map[string]string{".zarray": "an array of zarr v2", ".zgroup": "a group of zarr v2"}
	if format == 2 {
		others = map[string]string{".zarray": "an array", "zarr.json": "zarr v3 metadata"}
	}
	for _, key := range slices.Sorted(maps.Keys(others)) {
		switch data, err := get(ctx, n, key); {
		case err != nil:
			return err
		case data != nil:
			return fault.Permanent(fmt.Errorf("%s is there, %s: no group of zarr v%d can be made of it", n.Name(key), others[key], format))
		}
	}
	return nil
}

// withParts returns a metadata file, nil where there is none, with parts set.
func withParts(file string, old []byte, format int, parts func(old *Group) (map[string]any, error)) ([]byte, error) {
	var g *Group
	var err error
	if old != nil {
		if g, err = Parse(file, old); err != nil {
			return nil, err
		}
	}
	set, err := parts(g)
	if err != nil {
		return nil, err
	}
	raw := map[string]json.RawMessage{}
	for name, part := range set {
		if raw[name], err = pyjson.Raw(part); err != nil {
			return nil, err
		}
	}
	data, err := merged(old, format, raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, acceptable(file, data)
}

// acceptable returns an error for metadata that is not valid.
func acceptable(file string, data []byte) error {
	g, err := Parse(file, data)
	if g == nil || err != nil {
		return err
	}
	found := g.Check(false)
	for _, p := range slices.Concat(found.Broken, found.Beyond) {
		return fmt.Errorf("it would not be valid: %s: %s", p.Where, p.What)
	}
	return nil
}

// merged returns a metadata file with parts set; the rest of the old one, which may be nil, stays.
func merged(old []byte, format int, parts map[string]json.RawMessage) ([]byte, error) {
	doc := map[string]json.RawMessage{}
	if old != nil {
		if err := pyjson.Unmarshal(old, &doc); err != nil {
			return nil, err
		}
	}
	if format == 2 {
		maps.Copy(doc, parts)
		return pyjson.Marshal(doc)
	}
	if raw, ok := doc["node_type"]; ok && string(raw) != `"group"` {
		return nil, fmt.Errorf("a node of type %s is there, not a group", raw)
	}
	attributes, err := object(doc, "attributes")
	if err != nil {
		return nil, err
	}
	inner, err := object(attributes, "ome")
	if err != nil {
		return nil, err
	}
	maps.Copy(inner, parts)
	inner["version"] = json.RawMessage(`"0.5"`)
	doc["zarr_format"], doc["node_type"] = json.RawMessage("3"), json.RawMessage(`"group"`)
	if attributes["ome"], err = pyjson.Raw(inner); err != nil {
		return nil, err
	}
	if doc["attributes"], err = pyjson.Raw(attributes); err != nil {
		return nil, err
	}
	return pyjson.Marshal(doc)
}

// object returns a field that is an object, an empty one where it is missing.
func object(doc map[string]json.RawMessage, name string) (map[string]json.RawMessage, error) {
	inner := map[string]json.RawMessage{}
	if raw, ok := doc[name]; ok && string(raw) != "null" {
		if err := json.Unmarshal(raw, &inner); err != nil {
			return nil, fmt.Errorf("field %q: %s is not an object", name, pyjson.Excerpt(raw))
		}
	}
	return inner, nil
}
