package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
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

// parseDocuments calls the YAML library, guarded: its recursion by a bound on nesting, its panics by an error.
func parseDocuments(f *file) (docs []*ast.DocumentNode, failure *Error) {
	defer func() {
		if r := recover(); r != nil {
			docs, failure = nil, f.errorf("the file is not valid YAML, in a way that has no better description (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(f.src))
	if err := checkTokens(f, tokens); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(f, err)
	}
	return tree.Docs, nil
}

// checkTokens bounds the number of tokens and an upper estimate of the nesting: brackets open, plus the block
// indicators that stand at ever greater columns.
func checkTokens(f *file, tokens token.Tokens) *Error {
	if len(tokens) > maxTokens {
		return f.errorf("the file has more than %d words and signs", maxTokens).Hint("JSON may have more")
	}
	var columns []int
	flow, stacked := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		case token.TagType, token.AnchorType:
			stacked++
		default:
			stacked = 0
		}
		if flow > maxDepth || len(columns) > 2*maxDepth || stacked > maxDepth {
			return f.errorAt(tokenSpan(t), "lists and mappings are nested more than %d deep", maxDepth)
		}
	}
	return nil
}

// syntaxError puts the library's words for the commonest slips into the user's.
func syntaxError(f *file, err error) *Error {
	var detail yaml.Error
	if !errors.As(err, &detail) || detail.GetToken() == nil {
		return f.errorf("the file is not valid YAML: %w", err)
	}
	at := tokenSpan(detail.GetToken())
	if tab, ok := f.tabIndent(at.line); ok {
		return f.errorAt(tab, "a tab is used as indentation").Hint("indent with spaces")
	}
	message := detail.GetMessage()
	for _, known := range []struct{ theirs, ours, hint string }{
		{"mapping value is not allowed", "a second \":\" stands where one \"name: value\" is needed", "is this line or the next indented wrongly, or are quotes missing?"},
		{"unexpected key name", "this is neither \"name: value\" nor a list item", "is the space after \":\" missing?"},
		{"non-map value is specified", "this is no \"name: value\"", "is the \":\" missing, or the indentation wrong?"},
		{"',' or ']' must be specified", "the list before this is not closed", "\",\" or \"]\" is missing"},
		{"sequence end token ']' not found", "the list that begins here is not closed", "\"]\" is missing"},
		{"',' or '}' must be specified", "the mapping before this is not closed", "\",\" or \"}\" is missing"},
		{"could not find flow mapping end token '}'", "the mapping that begins here is not closed", "\"}\" is missing"},
		{"could not find end character of double-quoted text", "the text in quotes that begins here has no end", "a closing \" is missing"},
		{"could not find end character of single-quoted text", "the text in quotes that begins here has no end", "a closing ' is missing"},
		{"found an invalid key for this map", "a field's name is needed before this", ""},
		{"expected sequence element, but found ','", "a list item is missing before this comma", ""},
		{"value is not allowed in this context", "this does not belong here", "is the indentation right, and a space after each \"-\" and \":\"?"},
	} {
		if strings.Contains(message, known.theirs) {
			return f.errorAt(at, "%s", known.ours).Hint("%s", known.hint)
		}
	}
	return f.errorAt(at, "the file is not valid YAML: %s", message)
}

// tabIndent finds a tab in the blank that a line, or the one before it, begins with.
func (f *file) tabIndent(line int) (span, bool) {
	for _, number := range []int{line, line - 1} {
		text := f.line(number)
		blank := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if i := strings.IndexByte(blank, '\t'); i >= 0 {
			return span{line: number, column: i + 1, width: 1}, true
		}
	}
	return span{}, false
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
	copies  int
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

func (b *treeBuilder) anchor(parent *Node, v *ast.AnchorNode, depth int) *Node {
	name := v.Name.GetToken().Value
	b.anchors[name] = nil
	n := b.build(parent, v.Value, depth)
	b.anchors[name] = n
	return n
}

func (b *treeBuilder) alias(n *Node, v *ast.AliasNode, depth int) *Node {
	name := v.Value.GetToken().Value
	target, known := b.anchors[name]
	switch {
	case !known:
		valid := make([]string, 0, len(b.anchors))
		for a := range b.anchors {
			valid = append(valid, a)
		}
		e := b.failAt(n.at, "nothing is anchored as &%s above", name).Hint("nothing is anchored at all")
		if len(valid) > 0 {
			e.Hint("%s", Suggest(name, valid))
		}
	case target == nil:
		b.failAt(n.at, "*%s stands inside of what it names", name)
	default:
		return b.copy(n.parent, target, n.at, depth)
	}
	return n
}

// copy returns a copy of an anchored value with another parent. Its nodes point at the anchor's lines, where an error in
// them is to be mended.
func (b *treeBuilder) copy(parent, from *Node, alias span, depth int) *Node {
	n := *from
	n.parent, n.children = parent, nil
	if b.copies++; b.copies > maxCopies || depth > maxDepth {
		if b.copies = maxCopies + 1; !b.exhausted() {
			b.failAt(alias, "%s", tooManyCopies)
		}
		return &n
	}
	for _, c := range from.children {
		n.children = append(n.children, b.copy(&n, c, alias, depth+1))
	}
	return &n
}

var tooManyCopies = fmt.Sprintf("aliases expand to more than %d values or %d levels", maxCopies, maxDepth)

func (b *treeBuilder) exhausted() bool {
	for _, e := range b.errs {
		if e.Message() == tooManyCopies {
			return true
		}
	}
	return false
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
