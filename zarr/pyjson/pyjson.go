// Package pyjson reads and writes JSON as Python's json module does, which has three words more than JSON: NaN, Infinity
// and -Infinity. Metadata of arrays and images is full of them.
//
// As json.RawMessage, inside what Unmarshal has read, such a word is a string with one letter escaped ("\u004eaN"), as nothing
// else in there is: decoded it is the text "NaN", and Marshal writes the word again.
package pyjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A word is one of Python's that JSON does not have.
type word struct{ python, quoted string }

func words() [3]word {
	return [3]word{{"NaN", `"\u004eaN"`}, {"Infinity", `"\u0049nfinity"`}, {"-Infinity", `"-\u0049nfinity"`}}
}

// Unmarshal is json.Unmarshal that takes Python's three words, as strings, and keeps numbers exact: into an any they go as
// json.Number.
func Unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(Quote(data)))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("not valid JSON: more after its end")
	}
	return nil
}

// Valid reports whether data is JSON, as Python writes it.
func Valid(data []byte) bool { return json.Valid(Quote(data)) }

// Quote turns the three words into strings that Unquote knows from others. It returns data itself where there is nothing to
// do.
func Quote(data []byte) []byte {
	if !holdsWord(data) {
		return data
	}
	var out []byte
	inString := false
	for i := 0; i < len(data); {
		rest := data[i:]
		switch {
		case !inString:
			if w := wordAt(rest); w.python != "" {
				out = append(out, w.quoted...)
				i += len(w.python)
				continue
			}
		case bytes.HasPrefix(rest, []byte(`\u004e`)): // a string of the user's is no word
			out = append(out, 'N')
			i += len(`\u004e`)
			continue
		case bytes.HasPrefix(rest, []byte(`\u0049`)):
			out = append(out, 'I')
			i += len(`\u0049`)
			continue
		case data[i] == '\\' && len(rest) > 1:
			out = append(out, rest[:2]...)
			i += 2
			continue
		}
		inString = inString != (data[i] == '"')
		out = append(out, data[i])
		i++
	}
	return out
}

// holdsWord reports whether there may be one of the words, or a string that looks like one that is quoted.
func holdsWord(data []byte) bool {
	for _, text := range []string{"NaN", "Infinity", `\u004eaN`, `\u0049nfinity`} {
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

// wordAt returns the word that data starts with, an empty one for none. A name before a colon is none.
func wordAt(data []byte) word {
	for _, w := range words() {
		rest, ok := bytes.CutPrefix(data, []byte(w.python))
		if ok && !bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(":")) {
			return w
		}
	}
	return word{}
}

// Unquote undoes Quote: what it returns is JSON as Python writes it.
func Unquote(data []byte) []byte {
	if !bytes.Contains(data, []byte(`\u00`)) {
		return data
	}
	for _, w := range words() {
		data = bytes.ReplaceAll(data, []byte(w.quoted), []byte(w.python))
	}
	return data
}

// Strict turns the words inside a value that Unmarshal has read into plain strings, for readers of JSON who are not Python.
func Strict(raw json.RawMessage) json.RawMessage {
	for _, w := range words() {
		raw = bytes.ReplaceAll(raw, []byte(w.quoted), []byte(`"`+w.python+`"`))
	}
	return raw
}

// Marshal encodes a metadata file: indented, with a line break at its end, with "<" as it is, and with Python's words where
// values that Unmarshal has read hold them.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return Unquote(b.Bytes()), nil
}

// Raw encodes a value that becomes a part of what Marshal encodes. It is in one line, and the words stay quoted.
func Raw(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Excerpt returns the beginning of a value inside what Unmarshal has read, as it was written, for messages.
func Excerpt(raw json.RawMessage) string {
	const most = 60
	text := string(Unquote(raw))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
