package ngff

import (
	"slices"
)

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
