package pyjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Same reports whether two values inside what Unmarshal has read are equal: regardless of spaces, of the order of fields and
// of how numbers are written.
func Same(a, b json.RawMessage) bool {
	x, err := Any(a)
	if err != nil {
		return bytes.Equal(a, b)
	}
	y, err := Any(b)
	return err == nil && Canonical(x) == Canonical(y)
}

// Canonical returns the same text for values that are equal as JSON. They are as Unmarshal or Any return them.
func Canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		return canonicalNumber(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = Canonical(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for name, e := range v {
			parts = append(parts, strconv.Quote(name)+":"+Canonical(e))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// canonicalNumber keeps integers of 64 bits exact.
func canonicalNumber(v json.Number) string {
	if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	f, _ := v.Float64() // out of range: infinite, or zero
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
