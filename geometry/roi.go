package geometry

import (
	"encoding/json"
	"fmt"
)

// A Roi is a half-open box [Offset, Offset+Shape). A Roi of world units describes a region of a volume; the same type
// describes boxes of voxels and boxes of block positions. An empty Roi has a component of Shape that is not positive.
type Roi struct {
	Offset Coordinate
	Shape  Coordinate
}

// NewRoi returns the box that starts at offset; the two need equal lengths.
func NewRoi(offset, shape Coordinate) Roi {
	if len(offset) != len(shape) {
		panic(fmt.Sprintf("geometry: offset %v and shape %v have different numbers of dimensions", offset, shape))
	}
	return Roi{Offset: offset, Shape: shape}
}

// FromCorners returns the box [begin, end).
func FromCorners(begin, end Coordinate) Roi { return Roi{Offset: begin, Shape: end.Sub(begin)} }

// Dims returns the number of dimensions.
func (r Roi) Dims() int { return len(r.Offset) }

// End returns the corner just outside the box.
func (r Roi) End() Coordinate { return r.Offset.Add(r.Shape) }

// Size returns the number of unit cells in the box, 0 when it is empty.
func (r Roi) Size() int64 {
	if r.Empty() {
		return 0
	}
	return r.Shape.Prod()
}

// Empty reports whether the box holds nothing. The zero Roi is empty.
func (r Roi) Empty() bool {
	return len(r.Shape) == 0 || !r.Shape.All(func(v int) bool { return v > 0 })
}

// Equal reports whether both are the same box.
func (r Roi) Equal(o Roi) bool { return r.Offset.Equal(o.Offset) && r.Shape.Equal(o.Shape) }

// Contains reports whether o lies wholly inside r. Every box contains the empty one.
func (r Roi) Contains(o Roi) bool {
	if o.Empty() {
		return true
	}
	if r.Empty() {
		return false
	}
	for i := range r.Offset {
		if o.Offset[i] < r.Offset[i] || o.Offset[i]+o.Shape[i] > r.Offset[i]+r.Shape[i] {
			return false
		}
	}
	return true
}

// ContainsPoint reports whether p lies in the box.
func (r Roi) ContainsPoint(p Coordinate) bool {
	r.Offset.mustMatch(p)
	for i, v := range p {
		if v < r.Offset[i] || v >= r.Offset[i]+r.Shape[i] {
			return false
		}
	}
	return true
}

// Meets reports whether the two boxes share a cell.
func (r Roi) Meets(o Roi) bool { return !r.Intersect(o).Empty() }

// Intersect returns the common box; where the two do not meet, an empty one (every component of its shape 0).
func (r Roi) Intersect(o Roi) Roi {
	begin := r.Offset.Max(o.Offset)
	shape := r.End().Min(o.End()).Sub(begin)
	if !shape.All(func(v int) bool { return v > 0 }) {
		shape = Fill(len(shape), 0)
	}
	return Roi{Offset: begin, Shape: shape}
}

// Union returns the smallest box that holds both; an empty one adds nothing.
func (r Roi) Union(o Roi) Roi {
	switch {
	case r.Empty():
		return o
	case o.Empty():
		return r
	}
	return FromCorners(r.Offset.Min(o.Offset), r.End().Max(o.End()))
}

// Grow returns the box enlarged by low before and high after; negative amounts shrink it.
func (r Roi) Grow(low, high Coordinate) Roi {
	return Roi{Offset: r.Offset.Sub(low), Shape: r.Shape.Add(low).Add(high)}
}

// Shift returns the box moved by d.
func (r Roi) Shift(d Coordinate) Roi { return Roi{Offset: r.Offset.Add(d), Shape: r.Shape} }

// Mul returns the box in units of a finer grid: voxels to world units, say.
func (r Roi) Mul(unit Coordinate) Roi {
	return Roi{Offset: r.Offset.Mul(unit), Shape: r.Shape.Mul(unit)}
}

// Cover returns the smallest box of cells of the given size (counted from the origin) that holds r: world units to
// voxels, rounded outward.
func (r Roi) Cover(unit Coordinate) Roi {
	return FromCorners(r.Offset.Div(unit), r.End().CeilDiv(unit))
}

// Aligned reports whether both corners of r lie on multiples of unit.
func (r Roi) Aligned(unit Coordinate) bool { return unit.Divides(r.Offset) && unit.Divides(r.Shape) }

// String writes the box as [0:10, 5:20].
func (r Roi) String() string {
	s := "["
	for i := range r.Offset {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%d:%d", r.Offset[i], r.Offset[i]+r.Shape[i])
	}
	return s + "]"
}

// MarshalJSON writes the box as Volara does: [offset, shape].
func (r Roi) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]Coordinate{r.Offset, r.Shape})
}

// UnmarshalJSON reads [offset, shape].
func (r *Roi) UnmarshalJSON(data []byte) error {
	var pair []Coordinate
	if err := json.Unmarshal(data, &pair); err != nil {
		return fmt.Errorf("a roi is [offset, shape]: %w", err)
	}
	if len(pair) != 2 || len(pair[0]) != len(pair[1]) {
		return fmt.Errorf("a roi is [offset, shape] with as many components in each, not %s", data)
	}
	*r = Roi{Offset: pair[0], Shape: pair[1]}
	return nil
}
