package config

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// A Kind is what a node is in the file.
type Kind int

// The kinds of nodes. A plain scalar is a number, a boolean or null by the rules of YAML 1.2 and a string otherwise, so
// that yes, no, on and off are strings.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind as error messages do.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "true or false"
	case Int:
		return "a whole number"
	case Float:
		return "a number"
	case String:
		return "a string"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// A Node is a value in a file, with its place there. Aliases and merge keys are already expanded. Nodes do not change
// after Parse, but for Describe; apart from that they may be used concurrently.
//
// A nil *Node is what an absent field gives: its kind is Null, it has no children, and its errors have no place.
type Node struct {
	file     *file
	kind     Kind
	text     string // of a scalar: the string, or the number as written
	at, key  span   // of the value, and of its key in a map
	name     string // the key in a map
	index    int    // in a list
	parent   *Node
	children []*Node
	about    string
}

// Kind returns what the node is.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// IsNull reports whether the node is null or absent, that is: its field counts as unset.
func (n *Node) IsNull() bool { return n.Kind() == Null }

// Text returns a string's value, or a number, boolean or null as it is written; "" for lists and maps.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Len returns the number of items of a list or fields of a map, 0 for scalars.
func (n *Node) Len() int {
	if n == nil {
		return 0
	}
	return len(n.children)
}

// Items yields the items of a list.
func (n *Node) Items() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) {
		if n.Kind() != List {
			return
		}
		for i, c := range n.children {
			if !yield(i, c) {
				return
			}
		}
	}
}

// Fields yields the fields of a map in the file's order.
func (n *Node) Fields() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) {
		if n.Kind() != Map {
			return
		}
		for _, c := range n.children {
			if !yield(c.name, c) {
				return
			}
		}
	}
}

// Keys returns the names of a map's fields in the file's order.
func (n *Node) Keys() []string {
	keys := make([]string, 0, n.Len())
	for k := range n.Fields() {
		keys = append(keys, k)
	}
	return keys
}

// Get returns the field of a map, nil when there is none or n is no map. A field that is null gives a node.
func (n *Node) Get(key string) *Node {
	for k, c := range n.Fields() {
		if k == key {
			return c
		}
	}
	return nil
}

// Index returns the item i of a list, nil when there is none or n is no list.
func (n *Node) Index(i int) *Node {
	if n.Kind() != List || i < 0 || i >= len(n.children) {
		return nil
	}
	return n.children[i]
}

// At follows fields (strings) and items (ints) as far as the file has them and returns the last node found: what an
// error about that value should point at, be it written or left to its default.
func (n *Node) At(path ...any) *Node {
	for _, step := range path {
		var next *Node
		switch s := step.(type) {
		case string:
			next = n.Get(s)
		case int:
			next = n.Index(s)
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Describe names the node in messages, a task by its type, say: unknown field "x" in extract-frags. The names of values
// below it start from it (block_size[1], not tasks[3].block_size[1]). It returns n.
func (n *Node) Describe(what string) *Node {
	if n != nil {
		n.about = what
	}
	return n
}

// Path returns where the node stands in the file's tree, as tasks[3].block_size[1]; "" for the root.
func (n *Node) Path() string { return n.pathBelow(func(*Node) bool { return false }) }

// label is Path from the nearest described ancestor, or that description.
func (n *Node) label() string {
	if n == nil {
		return ""
	}
	if n.about != "" {
		return n.about
	}
	return n.pathBelow(func(p *Node) bool { return p.about != "" })
}

// where is the label with the described ancestor it belongs to: affs_data of extract-frags.
func (n *Node) where() string {
	if n == nil || n.about != "" {
		return n.label()
	}
	for p := n.parent; p != nil; p = p.parent {
		if p.about != "" {
			return n.label() + " of " + p.about
		}
	}
	return n.label()
}

func (n *Node) pathBelow(stop func(*Node) bool) string {
	var steps []string
	for ; n != nil && n.parent != nil && !stop(n); n = n.parent {
		if n.parent.kind == List {
			steps = append(steps, fmt.Sprintf("[%d]", n.index))
		} else {
			steps = append(steps, "."+n.name)
		}
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		b.WriteString(steps[i])
	}
	return strings.TrimPrefix(b.String(), ".")
}

// File returns the name of the file the node is in, as it was given to Parse.
func (n *Node) File() string {
	if n == nil {
		return ""
	}
	return n.file.name
}

// Position returns line and column (in characters), both from 1; 0, 0 for a nil node.
func (n *Node) Position() (line, column int) {
	if n == nil {
		return 0, 0
	}
	p := n.file.place(n.at)
	return p.line, p.column
}

// Errorf returns an error that points at the node. The format is fmt.Errorf's, with %w.
func (n *Node) Errorf(format string, args ...any) *Error {
	e := &Error{cause: fmt.Errorf(format, args...)}
	if n != nil {
		e.locate(n.file, n.at)
	}
	return e
}

// KeyErrorf is Errorf, pointing at the field's name instead of its value; at the value where there is no name.
func (n *Node) KeyErrorf(format string, args ...any) *Error {
	e := n.Errorf(format, args...)
	if n != nil && n.key != (span{}) {
		e.locate(n.file, n.key)
	}
	return e
}
