package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

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
