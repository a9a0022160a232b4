package ngff

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A unit is a multiple of the metre or of the second.
type unit struct {
	name   string // as OME-NGFF writes it, which are the names of UDUNITS
	factor string // a decimal number, or a fraction
	short  string // other names, separated by spaces
}

// lengths lists the units of length of OME-NGFF.
func lengths() []unit {
	return append(prefixed("meter", "m", "metre"),
		unit{"angstrom", "1e-10", "Å å ångström Å"},
		unit{"inch", "0.0254", "in"},
		unit{"foot", "0.3048", "ft feet"},
		unit{"yard", "0.9144", "yd"},
		unit{"mile", "1609.344", "mi"},
		unit{"parsec", "3.0856775814913673e16", "pc"},
		unit{"micron", "1e-6", ""},
	)
}

// times lists the units of time of OME-NGFF.
func times() []unit {
	return append(prefixed("second", "s", "sec"),
		unit{"minute", "60", "min"},
		unit{"hour", "3600", "h hr"},
		unit{"day", "86400", "d"},
	)
}

// prefixed returns a unit and its decimal multiples.
func prefixed(name, short, other string) []unit {
	units := []unit{{name, "1", short + " " + other}}
	for _, p := range []struct {
		name, short string
		exponent    int
	}{
		{"yotta", "Y", 24}, {"zetta", "Z", 21}, {"exa", "E", 18}, {"peta", "P", 15}, {"tera", "T", 12}, {"giga", "G", 9},
		{"mega", "M", 6}, {"kilo", "k", 3}, {"hecto", "h", 2}, {"deca", "da", 1}, {"deci", "d", -1}, {"centi", "c", -2},
		{"milli", "m", -3}, {"micro", "µ", -6}, {"nano", "n", -9}, {"pico", "p", -12}, {"femto", "f", -15},
		{"atto", "a", -18}, {"zepto", "z", -21}, {"yocto", "y", -24},
	} {
		shorts := p.short + short + " " + p.name + other
		if p.name == "micro" {
			shorts += " u" + short + " μ" + short // u for µ, and the Greek letter for the sign
		}
		units = append(units, unit{p.name + name, "1e" + strconv.Itoa(p.exponent), shorts})
	}
	return units
}

// findUnit returns the unit of a name of any kind, a plural included, and whether it is one of length; ok is false for a
// name that is not known.
func findUnit(name string) (u unit, length, ok bool) {
	for _, try := range []string{name, strings.TrimSuffix(name, "s")} {
		for _, list := range [][]unit{lengths(), times()} {
			for _, u := range list {
				if u.is(try) {
					return u, u.isLength(), true
				}
			}
		}
	}
	return unit{}, false, false
}

func (u unit) is(name string) bool {
	if u.name == strings.ToLower(name) {
		return true
	}
	for _, s := range strings.Fields(u.short) {
		if s == name {
			return true
		}
	}
	return false
}

func (u unit) isLength() bool {
	for _, l := range lengths() {
		if l.name == u.name {
			return true
		}
	}
	return false
}

// UnitName returns the name that OME-NGFF has for a unit that may be written otherwise: "nanometer" for "nm". ok is false
// for a name that is not known.
func UnitName(name string) (standard string, ok bool) {
	u, _, ok := findUnit(name)
	if u.name == "micron" {
		return "micrometer", true
	}
	return u.name, ok
}

// IsLength and IsTime report whether a name is that of a unit of length, or of time.
func IsLength(name string) bool { _, length, ok := findUnit(name); return ok && length }

// IsTime reports whether a name is that of a unit of time.
func IsTime(name string) bool { _, length, ok := findUnit(name); return ok && !length }

// Convert returns in unit "to" what v is in unit "from": both of length or both of time. It is exact for decimal numbers:
// 0.016 micrometer are 16 nanometer and not something near.
func Convert(v float64, from, to string) (float64, error) {
	a, aLength, ok := findUnit(from)
	if !ok {
		return 0, unknownUnit(from)
	}
	b, bLength, ok := findUnit(to)
	if !ok {
		return 0, unknownUnit(to)
	}
	if aLength != bLength {
		return 0, fmt.Errorf("%q and %q are units of different things", from, to)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || a.name == b.name {
		return v, nil
	}
	x := rational(strconv.FormatFloat(v, 'g', -1, 64))
	f, _ := x.Mul(x, rational(a.factor)).Quo(x, rational(b.factor)).Float64()
	return f, nil
}

// rational parses a number that is known to be one.
func rational(s string) *big.Rat {
	r, _ := new(big.Rat).SetString(s)
	return r
}

func unknownUnit(name string) error {
	if name == "" {
		return fmt.Errorf("no unit is given, so that it cannot be converted")
	}
	return fmt.Errorf("unit %q is not known; known are those of UDUNITS, such as nanometer, micrometer, angstrom, second", name)
}
