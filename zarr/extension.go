package zarr

import (
	"encoding/json"

	"volara/zarr/pyjson"
)

// An extension is what stands at an extension point of zarr v3: a name, or an object of "name", "configuration" and
// "must_understand".
// Format: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html#extension-definition
type extension struct {
	name     string
	config   fields
	optional bool // may be ignored by those who do not know it
}

// extension reads an entry of a field.
func (f fields) extension(field string, raw json.RawMessage) extension {
	o := fields{file: f.file, path: f.name(field), err: f.err}
	e := extension{config: fields{file: f.file, path: o.name("configuration"), err: f.err}}
	if json.Unmarshal(raw, &e.name) == nil && string(raw) != "null" {
		return e
	}
	if json.Unmarshal(raw, &o.raw) != nil || o.raw == nil {
		f.fail(field, "%s is neither a name nor an object with a name", pyjson.Excerpt(raw))
		return e
	}
	if o.has("configuration") {
		e.config = o.object("configuration")
	}
	if o.has("must_understand") {
		must := true
		o.into("must_understand", &must, "true or false")
		e.optional = !must
	}
	o.only("name", "configuration", "must_understand")
	e.name = o.text("name")
	return e
}

// ignorable reports whether a field says that those may ignore it who do not know it.
func ignorable(raw json.RawMessage) bool {
	var e struct {
		Must *bool `json:"must_understand"`
	}
	return json.Unmarshal(raw, &e) == nil && e.Must != nil && !*e.Must
}

// json returns the object's fields but those that may be ignored, nil when there is no object.
func (f fields) json() json.RawMessage {
	if f.raw == nil {
		return nil
	}
	kept := map[string]json.RawMessage{}
	for name, raw := range f.raw {
		if !ignorable(raw) {
			kept[name] = raw
		}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		f.fail("", "%v", err)
	}
	return data
}
