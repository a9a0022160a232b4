package ngff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"volara/fault"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// A Group is a group of a zarr hierarchy with OME-NGFF metadata.
type Group struct {
	// File is the file that holds the metadata, for messages.
	File string
	// Format is that of zarr: 2 or 3.
	Format int
	// Version is that of the metadata, such as "0.4"; "" where it gives none.
	Version string

	fields  map[string]json.RawMessage
	outer   map[string]json.RawMessage // the attributes around "ome"
	nested  bool                       // in an attribute "ome"
	pointer string                     // JSON pointer of fields
}

// The keys of the metadata's parts.
const (
	keyMultiscales = "multiscales"
	keyOmero       = "omero"
	keyLabels      = "labels"
	keyImageLabel  = "image-label"
	keyPlate       = "plate"
	keyWell        = "well"
	keyLayout      = "bioformats2raw.layout"
	keySeries      = "series"
)

// Read reads the metadata of the group at a node. It returns nil when there is none.
func Read(ctx context.Context, n *store.Node) (*Group, error) {
	for _, name := range []string{fileV3, fileV2} {
		data, err := get(ctx, n, name)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		return Parse(n.Name(name), data) // a .zattrs beside a zarr.json does not count
	}
	return nil, nil
}

// The files that hold the attributes of a group.
const (
	fileV3 = "zarr.json"
	fileV2 = ".zattrs"
)

// metadataLimit is the most bytes that are read of a metadata file.
const metadataLimit = 64 << 20

// get returns a metadata file, nil when there is none.
func get(ctx context.Context, n *store.Node, key string) ([]byte, error) {
	data, err := n.Get(ctx, key, metadataLimit)
	switch {
	case errors.Is(err, store.ErrNotExist):
		return nil, nil
	case errors.Is(err, store.ErrRange):
		return nil, fault.Permanent(err)
	case err == nil && data == nil:
		return []byte{}, nil
	}
	return data, err
}

// Parse reads a metadata file: a zarr.json of zarr v3, or a .zattrs of v2. It returns nil when the file says nothing about
// OME-NGFF.
func Parse(file string, data []byte) (*Group, error) {
	var doc map[string]json.RawMessage
	if err := pyjson.Unmarshal(data, &doc); err != nil {
		return nil, fault.Permanent(fmt.Errorf("%s: OME-Zarr metadata: %w", file, err))
	}
	g := &Group{File: file, Format: 2, fields: doc}
	if _, v3 := doc["zarr_format"]; v3 {
		g.Format = 3
		if err := g.descend("attributes"); err != nil {
			return nil, err
		}
	}
	if _, g.nested = g.fields["ome"]; g.nested {
		g.outer = g.fields
		if err := g.descend("ome"); err != nil {
			return nil, err
		}
		g.Version = textOf(g.fields["version"]) // a version that is no text is none
	}
	if !g.any() {
		return nil, nil
	}
	if g.Version == "" {
		g.Version = g.innerVersion()
	}
	return g, nil
}

// descend goes on in an object inside, or in nothing when it is missing.
func (g *Group) descend(name string) error {
	raw, inner := g.fields[name], map[string]json.RawMessage(nil)
	if raw != nil {
		if err := json.Unmarshal(raw, &inner); err != nil {
			return g.errorf(name, "%s is not an object", pyjson.Excerpt(raw))
		}
	}
	g.fields, g.pointer = inner, g.pointer+"/"+name
	return nil
}

// any reports whether there is anything of OME-NGFF.
func (g *Group) any() bool {
	for _, key := range []string{keyMultiscales, keyOmero, keyLabels, keyImageLabel, keyPlate, keyWell, keyLayout, keySeries} {
		if g.Has(key) {
			return true
		}
	}
	return false
}

// innerVersion returns the version that is kept inside the parts, as up to 0.4.
func (g *Group) innerVersion() string {
	type versioned struct {
		Version json.RawMessage `json:"version"`
	}
	var list []versioned
	if json.Unmarshal(g.fields[keyMultiscales], &list) == nil && len(list) > 0 && textOf(list[0].Version) != "" {
		return textOf(list[0].Version)
	}
	for _, key := range []string{keyPlate, keyWell, keyImageLabel} {
		var one versioned
		if json.Unmarshal(g.fields[key], &one) == nil && textOf(one.Version) != "" {
			return textOf(one.Version)
		}
	}
	return ""
}

// Has reports whether the metadata has a part of that name that is not null.
func (g *Group) Has(part string) bool {
	raw, ok := g.fields[part]
	return ok && string(raw) != "null"
}

// Kinds lists what the group's metadata describes.
func (g *Group) Kinds() []Kind {
	var kinds []Kind
	for _, r := range rules() {
		if g.Has(r.key) {
			kinds = append(kinds, r.kind)
		}
	}
	return kinds
}

// Is reports whether the group's metadata describes something of a kind.
func (g *Group) Is(kind Kind) bool { return slices.Contains(g.Kinds(), kind) }

// Nested reports whether the metadata is in an attribute "ome", as from version 0.5 on.
func (g *Group) Nested() bool { return g.nested }

// Pointer returns where the metadata is: the file and, behind "#", the JSON pointer of the object that holds its parts.
func (g *Group) Pointer() string { return g.File + "#" + g.pointer }

// decode reads a part into v; false says that there is none.
func (g *Group) decode(part string, v any) (bool, error) {
	if !g.Has(part) {
		return false, nil
	}
	err := json.Unmarshal(g.fields[part], v)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); odd {
		err = json.Unmarshal(wholeNumbers(g.fields[part]), v)
	}
	if err != nil {
		return true, g.errorf(part, "%v", decodeError(err))
	}
	return true, nil
}

// wholeNumbers returns a value with whole numbers that are written as 3.0, as Python's floats are, written as 3.
func wholeNumbers(raw json.RawMessage) json.RawMessage {
	v, err := pyjson.Any(raw)
	if err != nil {
		return raw
	}
	var whole func(v any) any
	whole = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			if f := float(v); f == math.Trunc(f) && math.Abs(f) < 1<<53 && strings.ContainsAny(v.String(), ".eE") {
				return json.Number(strconv.FormatInt(int64(f), 10))
			}
		case []any:
			for i := range v {
				v[i] = whole(v[i])
			}
		case map[string]any:
			for name := range v {
				v[name] = whole(v[name])
			}
		}
		return v
	}
	if out, err := pyjson.Raw(whole(v)); err == nil {
		return out
	}
	return raw
}

// decodeError says of an error of package json what a person wants to know.
func decodeError(err error) error {
	t, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err
	}
	due := "a text"
	switch t.Type.Kind() {
	case reflect.Slice, reflect.Array:
		due = "a list"
	case reflect.Struct, reflect.Map:
		due = "an object"
	case reflect.Bool:
		due = "true or false"
	case reflect.Int, reflect.Int64:
		due = "a whole number"
	case reflect.Float64:
		due = "a number"
	}
	if t.Field == "" {
		return fmt.Errorf("it is a JSON %s, where %s is due", t.Value, due)
	}
	return fmt.Errorf("%q in it is a JSON %s, where %s is due", t.Field, t.Value, due)
}

// errorf returns an error about a field.
func (g *Group) errorf(field, format string, args ...any) error {
	return fault.Permanent(fmt.Errorf("%s: OME-Zarr field %q: %w", g.File, field, fmt.Errorf(format, args...)))
}
