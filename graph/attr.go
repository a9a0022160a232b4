package graph

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// An Attr is a named attribute of nodes or of edges.
type Attr struct {
	Name string
	Type Type
}

// Columns returns the names of the table columns that hold the attribute: its own name, or name_0, name_1, … for a
// vector.
func (a Attr) Columns() []string {
	if a.Type.Size == 0 {
		return []string{a.Name}
	}
	columns := make([]string, a.Type.Size)
	for i := range columns {
		columns[i] = fmt.Sprintf("%s_%d", a.Name, i)
	}
	return columns
}

// PositionAttr returns the node attribute that holds positions: a vector, except that one dimension is a plain float.
func PositionAttr(name string, dims int) Attr {
	if dims == 1 {
		return Attr{name, Float}
	}
	return Attr{name, Vec(dims)}
}

// A Kind is the type of one number or text of an attribute.
type Kind uint8

// The kinds, by their names in funlib's metadata.
const (
	KindFloat  Kind = iota // float
	KindInt                // int
	KindBool               // bool
	KindString             // str
)

var kindNames = [...]string{KindFloat: "float", KindInt: "int", KindBool: "bool", KindString: "str"}

// String returns the kind's name in funlib's metadata.
func (k Kind) String() string { return kindNames[k] }

// A Type is a Kind, or a vector of them. The zero Type is Float.
type Type struct {
	Kind Kind
	Size int // components of a vector, 0 for a scalar
}

// The scalar types.
var (
	Float  = Type{Kind: KindFloat}
	Int    = Type{Kind: KindInt}
	Bool   = Type{Kind: KindBool}
	String = Type{Kind: KindString}
)

// Vec returns the type of a vector of n floats.
func Vec(n int) Type { return Type{Kind: KindFloat, Size: n} }

// Columns returns the number of table columns that a value of the type takes.
func (t Type) Columns() int { return max(1, t.Size) }

// String writes the type as funlib's metadata does: float, int, bool, str, Vec(float, 3).
func (t Type) String() string {
	if t.Size == 0 {
		return t.Kind.String()
	}
	return fmt.Sprintf("Vec(%v, %d)", t.Kind, t.Size)
}

var vecPattern = regexp.MustCompile(`^Vec\( *(\w+) *, *(\d+) *\)$`)

// ParseType is the inverse of Type.String. A bare positive number n, as in an attribute's declaration, is Vec(n).
func ParseType(s string) (Type, error) {
	s = strings.TrimSpace(s)
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return Vec(n), nil
	}
	name, size := s, 0
	if m := vecPattern.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[2])
		if err != nil || n < 1 {
			return Type{}, fmt.Errorf("attribute type %q: a vector has at least one component", s)
		}
		name, size = m[1], n
	}
	for k, known := range kindNames {
		if name == known {
			return Type{Kind: Kind(k), Size: size}, nil
		}
	}
	return Type{}, fmt.Errorf("attribute type %q is none of float, int, bool, str, a number of components, or Vec(float, n)", s)
}
