package ngff

import (
	"math"
)

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
