package ngff

import "volara/zarr/pyjson"

func checkImageLabel(v value, d dialect) {
	if !v.object() {
		return
	}
	d.versioned(v)
	d.demand(v, "colors")
	v.optional("colors", func(f value) {
		for _, e := range checkValues(f, value.isNumber) {
			e.optional("rgba", checkRGBA)
		}
	})
	v.optional("properties", func(f value) { checkValues(f, atLeast(anyInteger)) })
	v.optional("source", func(f value) {
		if f.object() {
			f.optional("image", value.isText)
		}
	})
}

// checkValues checks a list of objects that each say something about another label, and returns them.
func checkValues(v value, check func(value)) []value {
	seen := map[string]bool{}
	list := v.unique(1)
	for _, e := range list {
		if !e.object("label-value") {
			continue
		}
		e.optional("label-value", func(f value) {
			check(f)
			if text := pyjson.Canonical(f.v); seen[text] {
				f.beyond("label %s is there twice", text)
			} else {
				seen[text] = true
			}
		})
	}
	return list
}

func checkRGBA(v value) {
	list := v.list(4)
	if len(list) > 4 {
		v.broken("a list of %d; 4 are due", len(list))
	}
	for _, n := range list {
		if f, ok := n.integer(0); ok && f > 255 {
			n.broken("%s is above 255", n)
		}
	}
}

func checkLabels(v value, _ dialect) {
	for _, e := range v.list(0) {
		if p, ok := e.text(); ok && !isLocal(p) {
			e.beyond("%q is not a path within the group", p)
		}
	}
}
