package ngff

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"volara/zarr/pyjson"
)

// A Problem is something that does not follow the specification.
type Problem struct {
	Where string `json:"where"` // the file and, behind "#", the JSON pointer of the value
	What  string `json:"what"`
}

// Problems is what a check has found. Broken are the rules of the published schemas, Beyond those that are only in the
// text of the specification, Advice is what it recommends.
type Problems struct {
	Broken, Beyond, Advice []Problem
}

// A value is one value of a JSON document under check. What is wrong with it goes to the list of its document.
type value struct {
	found *Problems
	at    string // where it is
	v     any    // as package json decodes it, with numbers as json.Number
}

func (v value) broken(format string, args ...any) {
	v.found.Broken = append(v.found.Broken, Problem{v.at, fmt.Sprintf(format, args...)})
}

func (v value) beyond(format string, args ...any) {
	v.found.Beyond = append(v.found.Beyond, Problem{v.at, fmt.Sprintf(format, args...)})
}

func (v value) advise(format string, args ...any) {
	v.found.Advice = append(v.found.Advice, Problem{v.at, fmt.Sprintf(format, args...)})
}

// field returns a field of an object; ok is false when it is missing.
func (v value) field(name string) (value, bool) {
	object, _ := v.v.(map[string]any)
	inner, ok := object[name]
	return value{v.found, v.at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), inner}, ok
}

// object reports whether the value is an object with the given fields.
func (v value) object(required ...string) bool {
	if _, ok := v.v.(map[string]any); !ok {
		v.broken("%s is not an object", v)
		return false
	}
	for _, name := range required {
		if _, ok := v.field(name); !ok {
			v.broken("the field %q is missing", name)
		}
	}
	return true
}

// optional calls check on a field that may be missing.
func (v value) optional(name string, check func(value)) {
	if f, ok := v.field(name); ok {
		check(f)
	}
}

// list returns the elements of a list that has at least so many.
func (v value) list(least int) []value {
	list, ok := v.v.([]any)
	if !ok {
		v.broken("%s is not a list", v)
		return nil
	}
	if len(list) < least {
		v.broken("a list of %d; at least %d are due", len(list), least)
	}
	elements := make([]value, len(list))
	for i, e := range list {
		elements[i] = value{v.found, v.at + "/" + strconv.Itoa(i), e}
	}
	return elements
}

// unique returns the elements of a list that has at least so many, none of them twice.
func (v value) unique(least int) []value {
	elements := v.list(least)
	first := map[string]int{}
	for i, e := range elements {
		text := pyjson.Canonical(e.v)
		if j, twice := first[text]; twice {
			e.broken("the same as element %d", j)
			continue
		}
		first[text] = i
	}
	return elements
}

func (v value) text() (string, bool) {
	s, ok := v.v.(string)
	if !ok {
		v.broken("%s is not a text", v)
	}
	return s, ok
}

// isText, isNumber and isBool are checks for optional.
func (v value) isText()   { v.text() }
func (v value) isNumber() { v.number() }

func (v value) isBool() {
	if _, ok := v.v.(bool); !ok {
		v.broken("%s is neither true nor false", v)
	}
}

// number returns a number; one beyond the range of a float64 is infinite.
func (v value) number() (float64, bool) {
	n, ok := v.v.(json.Number)
	if !ok {
		v.broken("%s is not a number", v)
		return 0, false
	}
	return float(n), true
}

func float(n json.Number) float64 {
	f, _ := n.Float64() // out of range: infinite, or zero
	return f
}

// integer returns a whole number of at least least.
func (v value) integer(least float64) (float64, bool) {
	f, ok := v.number()
	switch {
	case !ok:
		return 0, false
	case f != math.Trunc(f) && !math.IsInf(f, 0):
		v.broken("%s is not a whole number", v)
		return 0, false
	case f < least:
		v.broken("%s is below %v", v, least)
		return 0, false
	}
	return f, true
}

// atLeast returns a check for optional: a whole number.
func atLeast(least float64) func(value) { return func(v value) { v.integer(least) } }

// any whole number
var anyInteger = math.Inf(-1)

// oneOf reports whether the value is one of some texts.
func (v value) oneOf(options ...string) bool {
	s, ok := v.text()
	if ok && !slices.Contains(options, s) {
		v.broken("%q is not %s", s, strings.Join(options, " or "))
		return false
	}
	return ok
}

// matches reports whether the value is a text of a form.
func (v value) matches(form *regexp.Regexp, what string) (string, bool) {
	s, ok := v.text()
	if ok && !form.MatchString(s) {
		v.broken("%q is not %s", s, what)
		return s, false
	}
	return s, ok
}

// String returns the beginning of the value, for messages.
func (v value) String() string {
	raw, err := json.Marshal(v.v)
	if err != nil {
		return "the value"
	}
	return pyjson.Excerpt(raw)
}
