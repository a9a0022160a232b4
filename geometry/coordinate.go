package geometry

import (
	"fmt"
	"slices"
	"strings"
)

// MaxDims is the largest number of spatial (and time) dimensions the geometry is written for.
const MaxDims = 5

// A Coordinate is an integer vector, slowest axis first (z, y, x). Whether it counts voxels or world units is the
// caller's to say. Methods that combine two coordinates need equal lengths and panic otherwise; none of them changes
// its receiver.
type Coordinate []int

// Fill returns a Coordinate of n equal components.
func Fill(n, value int) Coordinate {
	return Coordinate(slices.Repeat([]int{value}, n))
}

// Clone returns a copy that shares no memory with c.
func (c Coordinate) Clone() Coordinate { return slices.Clone(c) }

// Equal reports whether both have the same length and components.
func (c Coordinate) Equal(o Coordinate) bool { return slices.Equal(c, o) }

// Add returns c + o.
func (c Coordinate) Add(o Coordinate) Coordinate {
	return c.zip(o, func(a, b int) int { return a + b })
}

// Sub returns c − o.
func (c Coordinate) Sub(o Coordinate) Coordinate {
	return c.zip(o, func(a, b int) int { return a - b })
}

// Mul returns the component-wise product.
func (c Coordinate) Mul(o Coordinate) Coordinate {
	return c.zip(o, func(a, b int) int { return a * b })
}

// Div returns the component-wise quotient, rounded towards minus infinity.
func (c Coordinate) Div(o Coordinate) Coordinate { return c.zip(o, FloorDiv) }

// CeilDiv returns the component-wise quotient, rounded towards plus infinity.
func (c Coordinate) CeilDiv(o Coordinate) Coordinate { return c.zip(o, CeilDiv) }

// Min returns the component-wise minimum.
func (c Coordinate) Min(o Coordinate) Coordinate {
	return c.zip(o, func(a, b int) int { return min(a, b) })
}

// Max returns the component-wise maximum.
func (c Coordinate) Max(o Coordinate) Coordinate {
	return c.zip(o, func(a, b int) int { return max(a, b) })
}

// Neg returns −c.
func (c Coordinate) Neg() Coordinate {
	return c.zip(c, func(a, _ int) int { return -a })
}

// Prod returns the product of the components: the number of voxels of a shape.
func (c Coordinate) Prod() int64 {
	p := int64(1)
	for _, v := range c {
		p *= int64(v)
	}
	return p
}

// All reports whether every component satisfies ok.
func (c Coordinate) All(ok func(int) bool) bool {
	return !slices.ContainsFunc(c, func(v int) bool { return !ok(v) })
}

// Divides reports whether every component of o is a multiple of c's.
func (c Coordinate) Divides(o Coordinate) bool {
	c.mustMatch(o)
	for i, v := range c {
		if v == 0 || o[i]%v != 0 {
			return false
		}
	}
	return true
}

// String writes the coordinate as (z, y, x).
func (c Coordinate) String() string {
	parts := make([]string, len(c))
	for i, v := range c {
		parts[i] = fmt.Sprint(v)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (c Coordinate) mustMatch(o Coordinate) {
	if len(c) != len(o) {
		panic(fmt.Sprintf("geometry: %v and %v have different numbers of dimensions", c, o))
	}
}

func (c Coordinate) zip(o Coordinate, f func(a, b int) int) Coordinate {
	c.mustMatch(o)
	r := make(Coordinate, len(c))
	for i := range c {
		r[i] = f(c[i], o[i])
	}
	return r
}

// FloorDiv returns a/b, rounded towards minus infinity.
func FloorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// CeilDiv returns a/b, rounded towards plus infinity.
func CeilDiv(a, b int) int { return -FloorDiv(-a, b) }
