package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"

	"volara/geometry"
)

// A Decoder decodes itself: unions such as "a name or a mapping". DecodeNode is called on a pointer to the value, never
// with null, and may call n.Decode on other types. Errors of this package are passed on; others get the node's place.
//
// A struct that embeds a Decoder is one too, by Go's rules: name such a field instead of embedding it.
type Decoder interface{ DecodeNode(n *Node) error }

// An Enum is a string type of which only some values are valid.
type Enum interface{ Choices() []string }

// Decode fills what outs point at, and reports everything that is wrong, as Errors.
//
// A map fills a struct field by field, by the names in `yaml:"name"` tags (else json tags, else the Go names). Unknown
// fields are errors. The option required (`yaml:"block_size,required"`, or `json:"block_size" config:"required"`) demands a
// value that is not null; inline, and
// embedding a struct, put a struct's fields in the place of the field; `yaml:",node"` on a field of type *Node keeps the
// struct's own node for later errors; "-" leaves a field out. Fields that are absent or null stay as they were, so that
// defaults are what outs held before.
//
// With several outs, all structs, the map's fields are spread over them: each takes those it knows, and a field is
// unknown when it is in none.
//
// Other types: bool; integers and floats (a float without fraction is a whole number; what does not fit, NaN and
// infinities are errors); strings, and types made of them, if Enum then only its choices; slices, arrays of that
// length, maps with string keys; pointers (null: nil); *Node as it is; any as nil, bool, int64, float64, string,
// []any and map[string]any; json.RawMessage; geometry.Coordinate (a list of 1 to 5 whole numbers) and geometry.Roi ([offset,
// shape]); Duration; Decoder; encoding.TextUnmarshaler from strings. A Go type that cannot be decoded panics.
//
// After an error the outs may be partly filled.
func (n *Node) Decode(outs ...any) error {
	d := &decoder{}
	targets := make([]reflect.Value, len(outs))
	for i, out := range outs {
		v := reflect.ValueOf(out)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			panic(fmt.Sprintf("config: Decode into %T, a pointer is needed", out))
		}
		targets[i] = v.Elem()
	}
	if len(targets) == 1 && !(n.IsNull() && targets[0].Kind() == reflect.Struct) {
		d.value(n, targets[0])
	} else {
		d.structs(n, targets)
	}
	return Join(d.errs)
}

type decoder struct{ errs Errors }

func (d *decoder) fail(e *Error) { d.errs = append(d.errs, e) }

// mismatch reports that n has another type than the one needed.
func (d *decoder) mismatch(n *Node, needed string) *Error {
	got := n.kind.String()
	switch n.kind {
	case Bool:
		got = n.text
	case Float:
		if notFinite(n.text) {
			got = n.text
		}
	}
	label := n.label()
	if label == "" {
		label = "this"
	}
	e := n.Errorf("%s is %s, %s is needed", label, got, needed)
	d.fail(e)
	return e
}

func (d *decoder) value(n *Node, v reflect.Value) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if n.IsNull() {
		d.null(n, v)
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem())
		return
	}
	if d.special(n, v) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structs(n, []reflect.Value{v})
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Array:
		d.array(n, v)
	case reflect.Map:
		d.stringMap(n, v)
	default:
		d.scalar(n, v)
	}
}

var (
	nodeType       = reflect.TypeFor[*Node]()
	coordinateType = reflect.TypeFor[geometry.Coordinate]()
	roiType        = reflect.TypeFor[geometry.Roi]()
	rawType        = reflect.TypeFor[json.RawMessage]()
)

// special decodes types that have their own way, by name or by interface.
func (d *decoder) special(n *Node, v reflect.Value) bool {
	switch v.Type() {
	case coordinateType:
		d.coordinate(n, v)
		return true
	case roiType:
		d.roi(n, v)
		return true
	case rawType:
		v.SetBytes(n.JSON())
		return true
	}
	if v.Kind() == reflect.Interface && v.NumMethod() == 0 {
		v.Set(reflect.ValueOf(n.Value()))
		return true
	}
	if !v.CanAddr() {
		return false
	}
	switch target := v.Addr().Interface().(type) {
	case Decoder:
		d.errs = append(d.errs, placed(n, target.DecodeNode(n))...)
		return true
	case Enum:
		d.enum(n, v, target.Choices())
		return true
	case encoding.TextUnmarshaler:
		if n.kind != String {
			d.mismatch(n, String.String())
		} else if err := target.UnmarshalText([]byte(n.text)); err != nil {
			d.fail(n.Errorf("%s: %w", n.label(), err))
		}
		return true
	}
	return false
}

// placed returns the errors of a Decoder, those without a place pointing at n.
func placed(n *Node, err error) Errors {
	list := appendFlat(nil, err)
	for i, e := range list {
		if e.File == "" {
			list[i] = n.Errorf("%w", e.cause)
			list[i].hint = e.hint
		}
	}
	return list
}

// null leaves v unset; where there is no such thing, in a list or map of numbers, say, it is an error.
func (d *decoder) null(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		v.SetZero()
		return
	}
	if n == nil || n.parent == nil || v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return
	}
	d.mismatch(n, needed(v.Type()))
}

// structs spreads the fields of a map over structs.
func (d *decoder) structs(n *Node, targets []reflect.Value) {
	type slot struct {
		field
		target reflect.Value
	}
	var slots []slot
	var names []string
	for _, t := range targets {
		if t.Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: Decode spreads a mapping over structs, %v is none", t.Type()))
		}
		fields, self := fieldsOf(t.Type())
		for _, index := range self {
			t.FieldByIndex(index).Set(reflect.ValueOf(n))
		}
		for _, f := range fields {
			slots = append(slots, slot{f, t})
			names = append(names, f.name)
		}
	}
	if k := n.Kind(); k != Map && k != Null {
		d.mismatch(n, Map.String())
		return
	}
	values := map[string]*Node{}
	for name, value := range n.Fields() {
		values[name] = value
	}
	known := map[string]bool{}
	for _, s := range slots {
		known[s.name] = true
		switch value := values[s.name]; {
		case !value.IsNull() || value != nil && s.typ == nodeType:
			d.value(value, s.target.FieldByIndex(s.index))
		case s.required:
			d.missing(n, value, s.field)
		}
	}
	for name, value := range n.Fields() {
		if !known[name] {
			d.unknown(n, name, value, names)
		}
	}
}

func (d *decoder) missing(n, null *Node, f field) {
	in := n.where()
	if in != "" {
		in = " in " + in
	}
	if null != nil {
		d.fail(null.Errorf("%s is null%s, %s is needed", f.name, in, needed(f.typ)))
		return
	}
	d.fail(n.Errorf("the field %q is missing%s", f.name, in).Hint("%s is needed", needed(f.typ)))
}

func (d *decoder) unknown(n *Node, name string, value *Node, valid []string) {
	in := n.where()
	if in != "" {
		in = " in " + in
	}
	d.fail(value.KeyErrorf("unknown field %q%s", clip(name), in).Hint("%s", Suggest(name, valid)))
}
