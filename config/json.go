package config

import (
	"bytes"
	"encoding/json"
	"io"
)

// parseJSON reads a valid JSON text. YAML's parser could, but tasks serialised by a program come as one long line, with
// escapes and number formats of JSON's own, and this way they are read as encoding/json reads them.
func parseJSON(f *file) (*Node, Errors) {
	p := &jsonParser{file: f, dec: json.NewDecoder(bytes.NewReader(f.src))}
	p.dec.UseNumber()
	root := p.value(nil, p.next(), 0)
	return root, p.errs
}

type jsonParser struct {
	file  *file
	dec   *json.Decoder
	at    span // of the last token
	nodes int
	stop  bool // a bound was exceeded
	errs  Errors
}

// next returns the next token and sets its span; nil, which is also null, after the end.
func (p *jsonParser) next() json.Token {
	begin := int(p.dec.InputOffset())
	for begin < len(p.file.src) && bytes.IndexByte([]byte(" \t\r\n,:"), p.file.src[begin]) >= 0 {
		begin++
	}
	tok, err := p.dec.Token()
	if err != nil {
		if err != io.EOF {
			p.fail("%w", err)
		}
		p.stop = true
		return nil
	}
	p.at = span{begin: begin, end: int(p.dec.InputOffset())}
	return tok
}

func (p *jsonParser) fail(format string, args ...any) {
	if !p.stop {
		p.errs = append(p.errs, p.file.errorAt(p.at, format, args...))
	}
	p.stop = true
}

func (p *jsonParser) value(parent *Node, tok json.Token, depth int) *Node {
	n := &Node{file: p.file, parent: parent, at: p.at}
	if p.nodes++; p.nodes > maxNodes {
		p.fail("the file holds more than %d values", maxNodes)
	}
	if depth > maxDepth {
		p.fail("lists and mappings are nested more than %d deep", maxDepth)
	}
	if p.stop {
		return n
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '[' {
			p.list(n, depth)
		} else {
			p.object(n, depth)
		}
		n.at.end = p.at.end
	case string:
		n.kind, n.text = String, t
	case json.Number:
		n.kind, n.text = resolve(t.String()), t.String()
	case bool:
		n.kind, n.text = Bool, string(p.file.src[p.at.begin:p.at.end])
	default:
		n.kind, n.text = Null, "null"
	}
	return n
}

func (p *jsonParser) list(n *Node, depth int) {
	n.kind = List
	for !p.stop {
		tok := p.next()
		if tok == json.Delim(']') {
			return
		}
		item := p.value(n, tok, depth+1)
		item.index = len(n.children)
		n.children = append(n.children, item)
	}
}

func (p *jsonParser) object(n *Node, depth int) {
	n.kind = Map
	seen := map[string]*Node{}
	for !p.stop {
		tok := p.next()
		name, ok := tok.(string)
		if !ok {
			return
		}
		key := p.at
		value := p.value(n, p.next(), depth+1)
		value.name, value.key = name, key
		if first := seen[name]; first != nil {
			p.errs = append(p.errs, duplicate(first, value))
			continue
		}
		seen[name] = value
		n.children = append(n.children, value)
	}
}

// duplicate returns the error of a key that stands in a map twice.
func duplicate(first, second *Node) *Error {
	return second.KeyErrorf("%q is given twice", second.name).
		Hint("first on line %d", first.file.place(first.key).line)
}
