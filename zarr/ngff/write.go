package ngff

import (
	"context"
	"encoding/json"
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
		err = writeParts(ctx, n, format, parts)
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
		raw, err := json.Marshal(image.Metadata)
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
	g, err := Read(ctx, n)
	if err != nil {
		return err
	}
	var listed []string
	if g != nil {
		if listed, err = g.Labels(); err != nil {
			return err
		}
	}
	for _, p := range paths {
		if p = path.Clean(p); !slices.Contains(listed, p) {
			listed = append(listed, p)
		}
	}
	if err := writeParts(ctx, n, format, map[string]any{keyLabels: listed}); err != nil {
		return fmt.Errorf("listing the labels %q of %s: %w", paths, image, err)
	}
	return nil
}

// WritePlate makes the group at a node a plate, and WriteWell one of its wells.
func WritePlate(ctx context.Context, n *store.Node, format int, plate Plate) error {
	if plate.Version = ""; format == 2 {
		plate.Version = "0.4"
	}
	return writeParts(ctx, n, format, map[string]any{keyPlate: plate})
}

// WriteWell makes the group at a node a well.
func WriteWell(ctx context.Context, n *store.Node, format int, well Well) error {
	if well.Version = ""; format == 2 {
		well.Version = "0.4"
	}
	return writeParts(ctx, n, format, map[string]any{keyWell: well})
}

// writeParts sets parts of a group's metadata, and creates the group where there is none.
func writeParts(ctx context.Context, n *store.Node, format int, parts map[string]any) error {
	raw := map[string]json.RawMessage{}
	for name, part := range parts {
		data, err := json.Marshal(part)
		if err != nil {
			return fault.Permanent(err)
		}
		raw[name] = data
	}
	name := fileV3
	if format == 2 {
		name = fileV2
	}
	old, err := get(ctx, n, name)
	if err != nil {
		return err
	}
	data, err := merged(old, format, raw)
	if err != nil {
		return fault.Permanent(fmt.Errorf("%s: %w", n.Name(name), err))
	}
	if err := acceptable(n.Name(name), data); err != nil {
		return fault.Permanent(err)
	}
	if format == 2 && !n.Has(ctx, ".zgroup") {
		if err := n.Store.Put(ctx, n.Prefix+".zgroup", []byte("{\n  \"zarr_format\": 2\n}\n")); err != nil {
			return err
		}
	}
	return n.Store.Put(ctx, n.Prefix+name, data)
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
		return encode(doc)
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
	if attributes["ome"], err = json.Marshal(inner); err != nil {
		return nil, err
	}
	if doc["attributes"], err = json.Marshal(attributes); err != nil {
		return nil, err
	}
	return encode(doc)
}

// object returns a field that is an object, an empty one where it is missing.
func object(doc map[string]json.RawMessage, name string) (map[string]json.RawMessage, error) {
	inner := map[string]json.RawMessage{}
	if raw, ok := doc[name]; ok && string(raw) != "null" {
		if err := json.Unmarshal(raw, &inner); err != nil {
			return nil, fmt.Errorf("field %q: %s is not an object", name, excerpt(raw))
		}
	}
	return inner, nil
}

func encode(doc map[string]json.RawMessage) ([]byte, error) {
	data, err := json.MarshalIndent(doc, "", "  ")
	return append(data, '\n'), err
}
