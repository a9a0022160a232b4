package view

import (
	"bytes"
	"encoding/json"
)

// An ordered object is a JSON object whose fields keep their order, which the viewer heeds: that of dimensions.
type ordered []field

type field struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{f.name, f.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1) // the newline
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
