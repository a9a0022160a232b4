package ngff

import (
	"math"
	"regexp"
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

// checkAxes returns the number of axes, -1 when they are no list.
func checkAxes(v value) int {
	list := v.unique(2)
	if list == nil {
		return -1
	}
	if len(list) > 5 {
		v.broken("%d axes; at most 5 are allowed", len(list))
	}
	space, names := 0, map[string]bool{}
	var kinds []string
	for _, a := range list {
		if !a.object("name") {
			continue
		}
		a.optional("name", func(f value) {
			if name, ok := f.text(); ok && names[name] {
				f.beyond("two axes are named %q", name)
			} else {
				names[name] = true
			}
		})
		kind := ""
		a.optional("type", func(f value) { kind, _ = f.text() })
		kinds = append(kinds, kind)
		if a.maySpan(kind) {
			space++
		}
		a.optional("unit", func(f value) { checkUnit(f, kind) })
	}
	if space < 2 || space > 3 {
		v.broken("%d axes of space; 2 or 3 are due", space)
	}
	checkOrder(v, kinds)
	return len(list)
}

// maySpan reports whether the schemas count the axis as one of space: also one without a type.
func (v value) maySpan(kind string) bool {
	_, typed := v.field("type")
	unit, has := v.field("unit")
	_, text := unit.v.(string)
	return (!typed || kind == "space") && (!has || text)
}

func checkUnit(v value, kind string) {
	unit, ok := v.v.(string)
	standard, known := UnitName(unit)
	switch {
	case !ok:
		v.beyond("%s is not a text", v)
	case kind == "space" && !(known && IsLength(unit)):
		v.advise("%q is no unit of length of UDUNITS", unit)
	case kind == "time" && !(known && IsTime(unit)):
		v.advise("%q is no unit of time of UDUNITS", unit)
	case known && standard != unit && (kind == "space" || kind == "time"):
		v.advise("%q should be written %q", unit, standard)
	}
}

// checkOrder checks that an axis of time comes first, then one of channels or of an own type, then space.
func checkOrder(v value, kinds []string) {
	rank := func(kind string) int { return slices.Index([]string{"time", "", "space"}, kind) }
	last := 0
	count := [3]int{}
	for _, kind := range kinds {
		if kind != "time" && kind != "space" {
			kind = ""
		}
		r := rank(kind)
		if count[r]++; r < last {
			v.beyond("the order of the axes is not time, then channel, then space")
			return
		}
		last = r
	}
	if count[0] > 1 || count[1] > 1 {
		v.beyond("%d axes of time and %d of channels or of an own type; at most one of each is allowed", count[0], count[1])
	}
}

func checkDatasets(v value, axes int) {
	paths := map[string]bool{}
	for _, d := range v.list(1) {
		if !d.object("path", "coordinateTransformations") {
			continue
		}
		d.optional("path", func(f value) {
			path, ok := f.text()
			switch {
			case !ok:
			case !isLocal(path):
				f.beyond("%q is not a path within the image", path)
			case paths[path]:
				f.beyond("two levels are at %q", path)
			}
			paths[path] = true
		})
		d.optional("coordinateTransformations", func(f value) { checkTransforms(f, axes) })
	}
}

// checkTransforms checks a list of exactly one scale and perhaps one translation, for so many axes where that is known.
func checkTransforms(v value, axes int) {
	scales, translations := 0, 0
	for _, t := range v.list(1) {
		if !t.object("type") {
			continue
		}
		kind, ok := t.field("type")
		if !ok || !kind.oneOf("scale", "translation") {
			continue
		}
		name, _ := kind.text()
		if name == "scale" {
			if scales++; translations > 0 {
				t.beyond("a scale after a translation; it must come before")
			}
		} else if translations++; translations > 1 {
			t.beyond("a second translation; one is allowed")
		}
		numbers, ok := t.field(name)
		if !ok {
			t.broken("the field %q is missing", name)
			continue
		}
		checkNumbers(numbers, axes, name == "scale")
	}
	if scales != 1 {
		v.broken("%d scales; exactly one is due", scales)
	}
}

func checkNumbers(v value, axes int, positive bool) {
	list := v.list(2)
	for _, n := range list {
		f, ok := n.number()
		if ok && (math.IsInf(f, 0) || positive && !(f > 0)) {
			n.beyond("%s is not a positive number", n)
		}
	}
	if list != nil && axes >= 0 && len(list) != axes {
		v.beyond("%d numbers for %d axes", len(list), axes)
	}
}

var hexColor = regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)

func checkOmero(v value, d dialect) {
	if !v.object("channels") {
		return
	}
	v.optional("channels", func(f value) {
		for _, c := range f.list(0) {
			checkChannel(c, d)
		}
	})
}

func checkChannel(v value, d dialect) {
	var required []string
	if d.v04 {
		required = []string{"window", "color"}
	}
	if !v.object(required...) {
		return
	}
	v.optional("label", value.isText)
	v.optional("family", value.isText)
	v.optional("active", value.isBool)
	v.optional("color", func(f value) {
		if s, ok := f.text(); ok && !hexColor.MatchString(s) {
			f.advise("%q is no colour of six hexadecimal digits", s)
		}
	})
	v.optional("window", checkWindow)
}

func checkWindow(v value) {
	bounds := []string{"min", "max", "start", "end"}
	if !v.object(bounds...) {
		return
	}
	n := map[string]float64{}
	for _, name := range bounds {
		v.optional(name, func(f value) { n[name], _ = f.number() })
	}
	if n["min"] > n["max"] || n["start"] > n["end"] {
		v.advise("the window ends before it starts: min %v, max %v, start %v, end %v", n["min"], n["max"], n["start"], n["end"])
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
