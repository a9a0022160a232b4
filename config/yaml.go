package config

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

func parseYAML(f *file) (*Node, Errors) {
	docs, err := parseDocuments(f)
	if err != nil {
		return nil, Errors{err}
	}
	b := &treeBuilder{file: f, anchors: map[string]*Node{}}
	var root *Node
	for _, doc := range docs {
		body := doc.Body
		switch d := body.(type) {
		case nil, *ast.CommentGroupNode:
			continue
		case *ast.DirectiveNode:
			if d.Name == nil || d.Name.GetToken().Value != "YAML" {
				b.failAt(tokenSpan(d.Start), "directives are not supported")
			}
			continue
		}
		if isImplicitNull(body) {
			continue
		}
		if root != nil {
			b.failAt(b.spanOf(body), "a second document begins here, one a file is needed").Hint("put it into a file of its own")
			break
		}
		root = b.build(nil, body, 0)
	}
	return root, b.errs
}

func tokenSpan(t *token.Token) span {
	text := strings.TrimSpace(t.Origin)
	text, _, _ = strings.Cut(text, "\n")
	return span{line: t.Position.Line, column: t.Position.Column, width: utf8.RuneCountInString(strings.TrimSpace(text))}
}

func isImplicitNull(n ast.Node) bool {
	null, ok := n.(*ast.NullNode)
	return ok && null.Token.Type == token.ImplicitNullType
}

// A treeBuilder turns the library's syntax tree into Nodes, with aliases and merge keys expanded into copies.
type treeBuilder struct {
	file    *file
	anchors map[string]*Node // nil while the anchor's own value is being built
	copies  int              // nodes that aliases have added
	flooded bool             // they were too many, which is said once
	errs    Errors
}

func (b *treeBuilder) failAt(s span, format string, args ...any) *Error {
	e := b.file.errorAt(s, format, args...)
	b.errs = append(b.errs, e)
	return e
}

func (b *treeBuilder) build(parent *Node, in ast.Node, depth int) *Node {
	n := &Node{file: b.file, parent: parent, at: b.spanOf(in)}
	if depth > maxDepth {
		b.failAt(n.at, "lists and mappings are nested more than %d deep", maxDepth)
		return n
	}
	switch v := in.(type) {
	case *ast.MappingNode:
		b.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		b.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.kind = List
		for i, item := range v.Values {
			child := b.build(n, item, depth+1)
			child.index = i
			n.children = append(n.children, child)
		}
	case *ast.AnchorNode:
		return b.anchor(parent, v, depth)
	case *ast.AliasNode:
		return b.alias(n, v, depth)
	case *ast.TagNode:
		return b.tagged(parent, v, depth)
	default:
		b.scalar(n, in)
	}
	return n
}

func (b *treeBuilder) scalar(n *Node, in ast.Node) {
	switch v := in.(type) {
	case *ast.LiteralNode:
		n.kind, n.text = String, v.Value.Value
	case *ast.StringNode:
		n.kind, n.text = String, v.Value
		if t := v.Token.Type; t != token.SingleQuoteType && t != token.DoubleQuoteType {
			n.kind = resolve(v.Value)
		}
	case nil:
		n.kind = Null
	case ast.ScalarNode:
		n.text = v.GetToken().Value
		n.kind = resolve(n.text)
	default:
		b.failAt(n.at, "this cannot stand here")
	}
}

func (b *treeBuilder) tagged(parent *Node, v *ast.TagNode, depth int) *Node {
	tag := v.GetToken().Value
	at := tokenSpan(v.GetToken())
	kinds, known := map[string][]Kind{
		"!!str": {String}, "!!int": {Int}, "!!float": {Float, Int}, "!!bool": {Bool}, "!!null": {Null}, "!!map": {Map}, "!!seq": {List},
	}[tag]
	n := b.build(parent, v.Value, depth)
	if !known {
		b.failAt(at, "the tag %s is not supported", tag).Hint("leave it out")
		return n
	}
	if tag == "!!str" && n.kind != List && n.kind != Map {
		n.kind = String
	}
	for _, k := range kinds {
		if n.kind == k {
			return n
		}
	}
	b.failAt(at, "the tag %s stands before %s", tag, n.kind)
	return n
}

func (b *treeBuilder) spanOf(in ast.Node) span {
	switch v := in.(type) {
	case nil:
		return span{line: 1, column: 1, width: 1}
	case *ast.MappingNode:
		if v.IsFlowStyle || len(v.Values) == 0 {
			return bracketSpan(v.Start, v.End)
		}
		return b.spanOf(v.Values[0])
	case *ast.MappingValueNode:
		return tokenSpan(v.Key.GetToken())
	case *ast.SequenceNode:
		if v.IsFlowStyle {
			return bracketSpan(v.Start, v.End)
		}
		return tokenSpan(v.Start)
	case *ast.AliasNode:
		s := tokenSpan(v.Start)
		s.width = 1 + utf8.RuneCountInString(v.Value.GetToken().Value)
		return s
	case *ast.AnchorNode:
		if v.Value == nil {
			return tokenSpan(v.Start)
		}
		return b.spanOf(v.Value)
	case *ast.TagNode:
		if v.Value == nil {
			return tokenSpan(v.Start)
		}
		return b.spanOf(v.Value)
	}
	return tokenSpan(in.GetToken())
}

func bracketSpan(start, end *token.Token) span {
	s := tokenSpan(start)
	if s.width = 1; end != nil && end.Position.Line == s.line {
		s.width = max(1, end.Position.Column-s.column+1)
	}
	return s
}
