package config

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Bounds on what is parsed. Files that people write stay far below; beyond them time and memory would not be bounded.
const (
	maxYAML   = 512 << 10 // bytes
	maxJSON   = 8 << 20   // bytes
	maxTokens = 30_000    // of YAML; its library needs time that grows with the square of a mapping
	maxNodes  = 500_000   // values in the tree
	maxCopies = 50_000    // values that aliases and merge keys add to it
	maxDepth  = 64        // lists and maps inside each other
)

// Parse reads one YAML or JSON document. file is the name used in messages. The error, if any, is an Errors.
//
// Besides wrong syntax these are errors: an empty file, a second document, duplicate keys, keys that are not scalars,
// tags other than YAML's own (!!str, …), text that is not UTF-8, and whatever exceeds the package's bounds on size.
func Parse(name string, src []byte) (*Node, error) {
	f := newFile(name, src)
	root, errs := parse(f)
	if len(errs) > 0 {
		return nil, Join(errs)
	}
	if root.IsNull() {
		return nil, Errors{f.errorf("the file is empty")}
	}
	return root, nil
}

func parse(f *file) (*Node, Errors) {
	if err := f.checkText(); err != nil {
		return nil, Errors{err}
	}
	if json.Valid(f.src) {
		return parseJSON(f)
	}
	if len(f.src) > maxYAML {
		return nil, Errors{f.errorf("the file has %d bytes, more than the %d that YAML may have", len(f.src), maxYAML).Hint("JSON may have more")}
	}
	return parseYAML(f)
}

// checkText refuses what no text file holds.
func (f *file) checkText() *Error {
	if len(f.src) > maxJSON {
		return f.errorf("the file has %d bytes, more than the %d that it may have", len(f.src), maxJSON)
	}
	if i := bytes.IndexByte(f.src, 0); i >= 0 {
		return f.errorAt(span{begin: i, end: i}, "this is not a text file: it holds a zero byte")
	}
	for i := 0; i < len(f.src); {
		r, size := utf8.DecodeRune(f.src[i:])
		if r == utf8.RuneError && size == 1 {
			return f.errorAt(span{begin: i, end: i}, "the file is not UTF-8: byte 0x%02x", f.src[i])
		}
		i += size
	}
	return nil
}

// errorf returns an error about the file as a whole.
func (f *file) errorf(format string, args ...any) *Error {
	e := (*Node)(nil).Errorf(format, args...)
	e.File = f.name
	return e
}

// errorAt returns an error that points at a span.
func (f *file) errorAt(s span, format string, args ...any) *Error {
	return (&Node{file: f, at: s}).Errorf(format, args...)
}
