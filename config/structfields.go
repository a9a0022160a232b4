package config

import (
	"fmt"
	"reflect"
	"strings"
)

// A field is a struct's field as the file knows it.
type field struct {
	name     string
	index    []int
	required bool
	typ      reflect.Type
}

// fieldsOf lists the fields of a struct type, those of embedded and inlined structs in their place. self are the fields
// that receive the struct's own node.
func fieldsOf(t reflect.Type) (fields []field, self [][]int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options := fieldTag(sf)
		if name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		structured := sf.Type.Kind() == reflect.Struct
		switch {
		case options["node"]:
			self = append(self, sf.Index)
		case structured && (options["inline"] || sf.Anonymous && name == ""):
			inner, innerSelf := fieldsOf(sf.Type)
			for _, f := range inner {
				f.index = append([]int{i}, f.index...)
				fields = append(fields, f)
			}
			for _, index := range innerSelf {
				self = append(self, append([]int{i}, index...))
			}
		case options["inline"]:
			panic(fmt.Sprintf("config: %v.%s is inline but no struct", t, sf.Name))
		case sf.IsExported():
			if name == "" {
				name = sf.Name
			}
			fields = append(fields, field{name: name, index: sf.Index, required: options["required"], typ: sf.Type})
		}
	}
	return fields, self
}

// fieldTag returns the name and options of the yaml tag; where there is none, the name of the json tag and the options
// of the config tag.
func fieldTag(sf reflect.StructField) (name string, options map[string]bool) {
	tag, ok := sf.Tag.Lookup("yaml")
	if !ok {
		name, _, _ = strings.Cut(sf.Tag.Get("json"), ",")
		tag = name + "," + sf.Tag.Get("config")
	}
	name, rest, _ := strings.Cut(tag, ",")
	options = map[string]bool{}
	for o := range strings.SplitSeq(rest, ",") {
		options[o] = true
	}
	return name, options
}
