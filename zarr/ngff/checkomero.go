package ngff

import (
	"regexp"
)

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
