package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

func (d *decoder) scalar(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		if n.kind != Bool {
			e := d.mismatch(n, Bool.String())
			if yes, ok := spokenBool(n); ok {
				e.Hint("write %t", yes)
			}
			return
		}
		v.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.String:
		if n.kind != String {
			e := d.mismatch(n, needed(v.Type()))
			if n.kind < List {
				e.Hint("put it into quotes")
			}
			return
		}
		v.SetString(n.text)
	case reflect.Float32, reflect.Float64:
		d.float(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.int(n, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.uint(n, v)
	default:
		panic(fmt.Sprintf("config: cannot decode into %v", v.Type()))
	}
}

func (d *decoder) float(n *Node, v reflect.Value) {
	if n.kind != Int && n.kind != Float || notFinite(n.text) {
		d.mismatch(n, needed(v.Type()))
		return
	}
	if !d.plainDigits(n) {
		return
	}
	f, ok := n.floatOf(v.Type().Bits())
	if !ok {
		d.fail(n.Errorf("%s is too large a number: %s", n.label(), clip(n.text)))
		return
	}
	v.SetFloat(f)
}

func (d *decoder) int(n *Node, v reflect.Value) {
	if !d.whole(n, v) {
		return
	}
	i, err := strconv.ParseInt(n.wholeText(), 0, 64)
	if err != nil || v.OverflowInt(i) {
		bits := v.Type().Bits()
		d.outOfRange(n, fmt.Sprintf("%d to %d", math.MinInt64>>(64-bits), math.MaxInt64>>(64-bits)))
		return
	}
	v.SetInt(i)
}

func (d *decoder) uint(n *Node, v reflect.Value) {
	if !d.whole(n, v) {
		return
	}
	text := n.wholeText()
	if strings.HasPrefix(text, "-") && text != "-0" {
		d.fail(n.Errorf("%s is negative, 0 or more is needed", n.label()))
		return
	}
	u, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 0, 64)
	if err != nil || v.OverflowUint(u) {
		d.outOfRange(n, fmt.Sprintf("0 to %d", uint64(math.MaxUint64)>>(64-v.Type().Bits())))
		return
	}
	v.SetUint(u)
}

// whole reports whether n is a whole number, be it written as 64, 64.0 or 6.4e1, and says so where it is not.
func (d *decoder) whole(n *Node, v reflect.Value) bool {
	switch n.kind {
	case Int:
		return d.plainDigits(n)
	case Float:
		f, ok := n.float()
		switch {
		case !ok:
			d.mismatch(n, needed(v.Type()))
			return false
		case f != math.Trunc(f):
			d.fail(n.Errorf("%s has a fraction, a whole number is needed", n.label()))
			return false
		case math.Abs(f) > 1<<53:
			d.fail(n.Errorf("%s is too large to be exact in this notation", n.label()).Hint("write all of its digits"))
			return false
		}
		return true
	}
	d.mismatch(n, needed(v.Type()))
	return false
}

// plainDigits refuses 017, which is 17 to some readers of YAML and 15 to others.
func (d *decoder) plainDigits(n *Node) bool {
	digits := strings.TrimLeft(n.text, "+-")
	if n.kind == Int && len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		d.fail(n.Errorf("%s begins with a zero", n.label()).Hint("write it without, or 0o before an octal number"))
		return false
	}
	return true
}

func (d *decoder) outOfRange(n *Node, valid string) {
	d.fail(n.Errorf("%s is out of range: %s", n.label(), clip(n.text)).Hint("%s is possible", valid))
}

// wholeText returns the digits of a whole number, without '+' and leading zeros.
func (n *Node) wholeText() string {
	if n.kind == Float {
		f, _ := n.float()
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	sign, digits := "", strings.TrimLeft(n.text, "+-")
	if strings.HasPrefix(n.text, "-") {
		sign = "-"
	}
	if !strings.HasPrefix(digits, "0x") && !strings.HasPrefix(digits, "0o") {
		digits = strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]
	}
	return sign + digits
}

// float returns the value of a number; ok is false for infinities, also those of numbers too large.
func (n *Node) float() (f float64, ok bool) { return n.floatOf(64) }

func (n *Node) floatOf(bits int) (f float64, ok bool) {
	text := n.text
	if n.kind == Int && (strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0o")) {
		u, err := strconv.ParseUint(text, 0, 64)
		return float64(u), err == nil
	}
	if notFinite(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, bits)
	return f, err == nil
}

func spokenBool(n *Node) (value, ok bool) {
	switch strings.ToLower(n.text) {
	case "yes", "on", "true", "y", "1":
		return true, n.kind == String || n.kind == Int
	case "no", "off", "false", "n", "0":
		return false, n.kind == String || n.kind == Int
	}
	return false, false
}

func (d *decoder) enum(n *Node, v reflect.Value, choices []string) {
	if v.Kind() != reflect.String {
		panic(fmt.Sprintf("config: the Enum %v is no string", v.Type()))
	}
	if n.kind != String {
		d.mismatch(n, "one of "+strings.Join(choices, ", "))
		return
	}
	for _, c := range choices {
		if c == n.text {
			v.SetString(c)
			return
		}
	}
	d.fail(n.Errorf("%s cannot be %q", n.label(), clip(n.text)).Hint("%s", Suggest(n.text, choices)))
}

// needed names what a Go type takes from the file.
func needed(t reflect.Type) string {
	switch t {
	case coordinateType:
		return "a list of whole numbers"
	case roiType:
		return "a list of offset and shape"
	case reflect.TypeFor[Duration]():
		return durationForm
	}
	switch t.Kind() {
	case reflect.Pointer:
		return needed(t.Elem())
	case reflect.Bool:
		return Bool.String()
	case reflect.String:
		return String.String()
	case reflect.Float32, reflect.Float64:
		return Float.String()
	case reflect.Slice, reflect.Array:
		return List.String()
	case reflect.Map, reflect.Struct:
		return Map.String()
	case reflect.Interface:
		return "a value"
	}
	return Int.String()
}

// clip shortens what is quoted from a file in a message.
func clip(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}
