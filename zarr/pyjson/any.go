package pyjson

import (
	"bytes"
	"encoding/json"
	"errors"
)

// A NonFinite is one of Python's three words among the values that Any returns.
type NonFinite string

// MarshalJSON is as Quote has it, so that Marshal writes the word.
func (n NonFinite) MarshalJSON() ([]byte, error) {
	for _, w := range words() {
		if w.python == string(n) {
			return []byte(w.quoted), nil
		}
	}
	return nil, errors.New(string(n) + " is none of NaN, Infinity and -Infinity")
}

// Any decodes a value inside what Unmarshal has read: into map[string]any, []any, string, bool, nil, json.Number and
// NonFinite.
func Any(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return next(d, raw)
}

// next decodes the next value of raw.
func next(d *json.Decoder, raw []byte) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			if object[name.(string)], err = next(d, raw); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := next(d, raw)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	for _, w := range words() {
		if token == w.python && bytes.HasSuffix(raw[:d.InputOffset()], []byte(w.quoted)) {
			return NonFinite(w.python), nil
		}
	}
	return token, nil
}
