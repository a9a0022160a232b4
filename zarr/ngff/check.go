package ngff

import (
	"slices"
	"strings"

	"volara/zarr/pyjson"
)

// A Kind is a kind of metadata, which a published schema describes.
type Kind string

// The kinds, named as their schemas are. The group that lists label images has no schema.
const (
	KindImage     Kind = "image"
	KindLabel     Kind = "label"
	KindPlate     Kind = "plate"
	KindWell      Kind = "well"
	KindContainer Kind = "bf2raw"
	KindSeries    Kind = "ome"
	KindLabels    Kind = "labels"
)

// A rule says how a kind is recognised and checked.
type rule struct {
	kind  Kind
	key   string // the part that makes it up
	must  bool   // whether the schema of 0.4 needs the part
	check func(v value, d dialect)
}

// rules lists the kinds.
func rules() []rule {
	return []rule{
		{KindImage, keyMultiscales, true, checkImages},
		{KindLabel, keyImageLabel, false, checkImageLabel},
		{KindPlate, keyPlate, false, checkPlate},
		{KindWell, keyWell, false, checkWell},
		{KindContainer, keyLayout, false, checkLayout},
		{KindSeries, keySeries, false, checkSeries},
		{KindLabels, keyLabels, true, checkLabels},
	}
}

// A dialect is which schemas are meant.
type dialect struct {
	v04    bool // version 0.4, else 0.5
	strict bool // what the specification recommends is demanded
}

// versioned checks the version inside a part, where 0.4 has it.
func (d dialect) versioned(v value) {
	if !d.v04 {
		return
	}
	v.optional("version", func(f value) { f.oneOf("0.4") })
	if _, ok := v.field("version"); !ok {
		if d.strict {
			v.broken(`the field "version" is missing`)
		} else {
			v.advise(`no version is given`)
		}
	}
}

// demand breaks, in the strict dialect, on fields that are missing.
func (d dialect) demand(v value, names ...string) {
	for _, name := range names {
		if _, ok := v.field(name); !ok && d.strict {
			v.broken("the field %q is missing", name)
		}
	}
}

// Check checks metadata of version 0.4 or 0.5 as one kind, as its published schema does, and by the text of the
// specification. The document is that which the schemas describe: of 0.4 the attributes, of 0.5 an object whose field "ome"
// holds it all. Where is what the document is called in problems. Strict demands what the specification recommends.
func Check(where string, doc []byte, kind Kind, version string, strict bool) Problems {
	var found Problems
	v := value{found: &found, at: where + "#"}
	if err := pyjson.Unmarshal(doc, &v.v); err != nil {
		v.broken("%v", err)
		return found
	}
	d := dialect{v04: version != "0.5", strict: strict}
	for _, r := range rules() {
		if r.kind == kind {
			r.apply(v, d)
		}
	}
	return found
}

// apply checks a document as one of the kind.
func (r rule) apply(v value, d dialect) {
	if !v.object() {
		return
	}
	must := r.must
	if !d.v04 {
		ome, ok := v.field("ome")
		if !ok {
			v.broken(`the field "ome" is missing`)
			return
		}
		if v = ome; !v.object() {
			return
		}
		if _, ok := v.field("version"); !ok && r.kind == KindLabels {
			v.advise("no version is given") // no schema demands it
		} else if !ok {
			v.broken(`the field "version" is missing`)
		}
		v.optional("version", func(f value) { f.oneOf("0.5") })
		must = true
	}
	part, ok := v.field(r.key)
	if ok {
		r.check(part, d)
	} else if must {
		v.broken("the field %q is missing", r.key)
	}
	if r.kind == KindImage {
		v.optional(keyOmero, func(f value) { checkOmero(f, d) })
	}
}

func checkImages(v value, d dialect) {
	for _, m := range v.unique(1) {
		if !m.object("datasets", "axes") {
			continue
		}
		m.optional("name", value.isText)
		d.versioned(m)
		d.demand(m, "metadata", "type", "name")
		axes := -1
		m.optional("axes", func(f value) { axes = checkAxes(f) })
		m.optional("datasets", func(f value) { checkDatasets(f, axes) })
		m.optional("coordinateTransformations", func(f value) { checkTransforms(f, axes) })
	}
}

// Check checks all the group's metadata as what it describes. A version that is neither 0.4 nor 0.5 breaks a rule.
func (g *Group) Check(strict bool) Problems {
	var found Problems
	v := value{found: &found, at: g.Pointer(), v: map[string]any{}}
	raw, err := pyjson.Raw(g.fields)
	if err == nil {
		err = pyjson.Unmarshal(raw, &v.v)
	}
	if err != nil {
		v.broken("%v", err)
		return found
	}
	if g.nested {
		v = value{&found, strings.TrimSuffix(v.at, "/ome"), map[string]any{"ome": v.v}}
	}
	for _, r := range rules() {
		if g.Has(r.key) || r.kind == KindImage && g.Has(keyOmero) {
			r.apply(v, dialect{v04: !g.nested, strict: strict})
		}
	}
	if old := []string{"0.1", "0.2", "0.3"}; !g.nested && slices.Contains(old, g.Version) {
		v.broken("version %s is not checked; 0.4 and 0.5 are", g.Version)
	}
	return found
}
