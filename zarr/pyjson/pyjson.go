// Package pyjson reads JSON as Python's json module writes it, which has three words more than JSON: NaN, Infinity and
// -Infinity. Metadata of arrays and images is full of them.
package pyjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Unmarshal is json.Unmarshal that takes Python's three words, as strings, and keeps numbers exact: into an any they go as
// json.Number.
func Unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(Quote(data)))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("not valid JSON: %w", err)
	}
	if d.More() {
		return errors.New("not valid JSON: more after its end")
	}
	return nil
}

// Quote puts quotes around the three words. It returns data itself where there is none.
func Quote(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	var out []byte
	inString := false
	for i := 0; i < len(data); {
		if !inString {
			if word := nonFinite(data[i:]); word != "" {
				out = append(append(append(out, '"'), word...), '"')
				i += len(word)
				continue
			}
		} else if data[i] == '\\' && i+1 < len(data) {
			out = append(out, data[i], data[i+1])
			i += 2
			continue
		}
		inString = inString != (data[i] == '"')
		out = append(out, data[i])
		i++
	}
	return out
}

func nonFinite(data []byte) string {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(data, []byte(word)) {
			return word
		}
	}
	return ""
}
