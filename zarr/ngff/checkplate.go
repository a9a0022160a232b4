package ngff

import (
	"regexp"
	"strings"
)

var (
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	wellPath     = regexp.MustCompile(`^[A-Za-z0-9]+/[A-Za-z0-9]+$`)
)

func checkPlate(v value, d dialect) {
	if !v.object("columns", "rows", "wells") {
		return
	}
	d.versioned(v)
	d.demand(v, "name")
	v.optional("name", value.isText)
	v.optional("field_count", atLeast(1))
	v.optional("acquisitions", func(f value) { checkAcquisitions(f, d) })
	var rows, columns []string
	v.optional("rows", func(f value) { rows = checkNames(f) })
	v.optional("columns", func(f value) { columns = checkNames(f) })
	v.optional("wells", func(f value) {
		for _, w := range f.unique(1) {
			checkPlateWell(w, d, rows, columns)
		}
	})
}

func checkAcquisitions(v value, d dialect) {
	ids := map[float64]bool{}
	for _, a := range v.list(0) {
		if !a.object("id") {
			continue
		}
		d.demand(a, "name", "maximumfieldcount")
		a.optional("id", func(f value) {
			if id, ok := f.integer(0); ok && ids[id] {
				f.beyond("two acquisitions have the id %v", id)
			} else {
				ids[id] = true
			}
		})
		a.optional("maximumfieldcount", atLeast(1))
		a.optional("name", value.isText)
		a.optional("description", value.isText)
		a.optional("starttime", atLeast(0))
		a.optional("endtime", atLeast(0))
	}
}

// checkNames returns the names of rows or columns.
func checkNames(v value) []string {
	var names []string
	seen := map[string]bool{}
	for _, e := range v.unique(1) {
		name := ""
		if e.object("name") {
			e.optional("name", func(f value) {
				if name, _ = f.matches(alphanumeric, "made of letters and digits"); seen[name] {
					f.beyond("%q is there twice", name)
				}
				seen[name] = true
			})
		}
		names = append(names, name)
	}
	return names
}

// checkPlateWell checks that a well lies where its indices say. The suite of 0.5 demands that; the plates of 0.4's do not
// keep to it, although its text has it too.
func checkPlateWell(v value, d dialect, rows, columns []string) {
	if !v.object("path", "rowIndex", "columnIndex") {
		return
	}
	path, there := v.field("path")
	at, ok := "", false
	if there {
		at, ok = path.matches(wellPath, `of the form "row/column"`)
	}
	misplaced := value.broken
	if d.v04 {
		misplaced = value.beyond
	}
	row, column, _ := strings.Cut(at, "/")
	for _, part := range []struct {
		field, name string
		names       []string
	}{{"rowIndex", row, rows}, {"columnIndex", column, columns}} {
		f, there := v.field(part.field)
		if !there {
			continue
		}
		i, whole := f.integer(0)
		switch {
		case !whole || part.names == nil:
		case i >= float64(len(part.names)):
			misplaced(f, "%v is beyond the %d that there are", i, len(part.names))
		case ok && part.names[int(i)] != part.name:
			misplaced(path, "%q is not at %s %v, which is named %q", at, part.field, i, part.names[int(i)])
		}
	}
}

func checkWell(v value, d dialect) {
	if !v.object("images") {
		return
	}
	d.versioned(v)
	v.optional("images", func(f value) {
		for _, e := range f.unique(1) {
			if !e.object("path") {
				continue
			}
			e.optional("path", func(f value) { f.matches(alphanumeric, "made of letters and digits") })
			e.optional("acquisition", atLeast(anyInteger))
		}
	})
}

func checkLayout(v value, _ dialect) {
	if n, ok := v.number(); ok && n != 3 {
		v.broken("%s is not 3", v)
	}
}

func checkSeries(v value, _ dialect) {
	for _, e := range v.list(0) {
		if p, ok := e.text(); ok && !isLocal(p) {
			e.beyond("%q is not a path within the container", p)
		}
	}
}
