package zarr

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"volara/fault"
	"volara/zarr/pyjson"
)

// fields reads a JSON object of a metadata file field by field. The first thing wrong stays as its error, which names
// the file and the field; reading on after that is harmless.
type fields struct {
	file, path string
	raw        map[string]json.RawMessage
	err        *error
}

// parseFields parses a metadata file.
func parseFields(file string, data []byte) (fields, error) {
	var err error
	f := fields{file: file, err: &err}
	if e := unmarshal(data, &f.raw); e != nil {
		f.fail("", "%v", e)
	} else if f.raw == nil {
		f.fail("", "not a JSON object")
	}
	return f, err
}

// unmarshal is json.Unmarshal that also takes Python's NaN, Infinity and -Infinity, as strings, and keeps numbers exact.
func unmarshal(data []byte, v any) error { return pyjson.Unmarshal(data, v) }

// fail records what is wrong with a field; field "" is the object itself.
func (f fields) fail(field, format string, args ...any) {
	if *f.err != nil {
		return
	}
	where := f.file
	if name := f.name(field); name != "" {
		where += ": field " + strconv.Quote(name)
	}
	*f.err = fault.Permanent(fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

func (f fields) name(field string) string {
	return strings.Trim(f.path+"."+field, ".")
}

// has reports whether a field is there and not null.
func (f fields) has(field string) bool {
	raw, ok := f.raw[field]
	return ok && string(raw) != "null"
}

// into decodes a field that must be there.
func (f fields) into(field string, v any, want string) bool {
	raw, ok := f.raw[field]
	if !ok {
		f.fail(field, "missing; it should be %s", want)
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, v) != nil {
		f.fail(field, "%s is not %s", pyjson.Excerpt(raw), want)
		return false
	}
	return true
}

func (f fields) text(field string) string {
	var s string
	f.into(field, &s, "a string")
	return s
}

// choice reads a string that must be one of those given.
func (f fields) choice(field string, options ...string) string {
	s := f.text(field)
	if *f.err == nil && !slices.Contains(options, s) {
		f.fail(field, "%q is not supported; supported is %s", s, strings.Join(quoteAll(options), ", "))
	}
	return s
}

func quoteAll(list []string) []string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	return quoted
}

func (f fields) integer(field string) int {
	var n int
	f.into(field, &n, "an integer")
	return n
}

// lengths reads a list of integers, none of them below least.
func (f fields) lengths(field string, least int) []int {
	var list []*int // null would leave an int at 0
	if !f.into(field, &list, "a list of integers") {
		return nil
	}
	lengths := make([]int, len(list))
	for i, n := range list {
		switch {
		case n == nil:
			f.fail(field, "%s is not a list of integers", pyjson.Excerpt(f.raw[field]))
		case *n < least:
			f.fail(field, "%d is below %d", *n, least)
		default:
			lengths[i] = *n
		}
	}
	return lengths
}

func (f fields) list(field string) []json.RawMessage {
	var list []json.RawMessage
	f.into(field, &list, "a list")
	return list
}

// object reads a field that is an object.
func (f fields) object(field string) fields {
	o := fields{file: f.file, path: f.name(field), err: f.err}
	f.into(field, &o.raw, "an object")
	return o
}

// only refuses fields that are not listed, unless they say that they need not be understood.
func (f fields) only(known ...string) {
	for _, field := range sortedKeys(f.raw) {
		if !slices.Contains(known, field) && !ignorable(f.raw[field]) {
			f.fail(field, "not a known field; known are %s", strings.Join(known, ", "))
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// product multiplies lengths; ok is false when the result leaves the range of int.
func product(lengths []int, size int) (n int, ok bool) {
	n = size
	for _, l := range lengths {
		if l != 0 && n > math.MaxInt/l {
			return 0, false
		}
		n *= l
	}
	return n, true
}
