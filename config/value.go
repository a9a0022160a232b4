package config

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value returns the node as plain Go values: nil, bool, int64, float64, string, []any and map[string]any. A whole number
// beyond int64 is a float64.
func (n *Node) Value() any {
	switch n.Kind() {
	case Bool:
		return strings.EqualFold(n.text, "true")
	case Int:
		if i, err := strconv.ParseInt(n.wholeText(), 0, 64); err == nil {
			return i
		}
		return n.anyFloat()
	case Float:
		return n.anyFloat()
	case String:
		return n.text
	case List:
		list := make([]any, 0, n.Len())
		for _, item := range n.Items() {
			list = append(list, item.Value())
		}
		return list
	case Map:
		m := make(map[string]any, n.Len())
		for name, item := range n.Fields() {
			m[name] = item.Value()
		}
		return m
	}
	return nil
}

func (n *Node) anyFloat() float64 {
	if f, ok := n.float(); ok {
		return f
	}
	switch text := strings.ToLower(n.text); {
	case text == ".nan":
		return math.NaN()
	case strings.HasPrefix(text, "-"):
		return math.Inf(-1)
	}
	return math.Inf(1)
}

// JSON returns the node as compact JSON, fields in the file's order. Infinities and NaN, which JSON has not, become null.
func (n *Node) JSON() json.RawMessage { return n.appendJSON(nil) }

func (n *Node) appendJSON(b []byte) []byte {
	switch n.Kind() {
	case List:
		b = append(b, '[')
		for i, item := range n.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.appendJSON(b)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i, item := range n.children {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendScalar(b, item.name), ':')
			b = item.appendJSON(b)
		}
		return append(b, '}')
	case Int, Float:
		if json.Valid([]byte(n.text)) {
			return append(b, n.text...)
		}
	}
	return appendScalar(b, n.Value())
}

func appendScalar(b []byte, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil { // an infinity or NaN
		return fmt.Append(b, "null")
	}
	return append(b, text...)
}
