package lazy

import (
	"context"
	"fmt"
	"math"
	"slices"

	"volara/config"
	"volara/nd"
	"volara/zarr"
)

// Stack puts another array behind this one along the first axis: numpy.concatenate([x, other], axis=0). The other axes
// must have the same lengths and lie at the same places in the world; types are promoted as numpy's.
type Stack struct {
	Path string // of the other array
}

// Name is the operation's name in files.
func (Stack) Name() string { return "stack" }

// Argument is the other array's path.
func (op Stack) Argument() any { return op.Path }

// DecodeNode reads the other array's path.
func (op *Stack) DecodeNode(n *config.Node) error {
	if n.IsNull() {
		return n.Errorf("another array is needed: {stack: path.zarr}")
	}
	if n.Kind() == config.Map {
		return n.Errorf("the path of an array is needed here: stack=path.zarr; datasets with fields of their own are stacked in pipeline files")
	}
	return n.Decode(&op.Path)
}

// Apply opens the other array, which the result's Close closes, and puts it behind this one.
func (op Stack) Apply(ctx context.Context, a Array) (Array, error) {
	array, err := zarr.Open(ctx, op.Path)
	if err != nil {
		return a, err
	}
	other, err := Of(array, zarr.Overrides{})
	if err == nil {
		other.closers = append(other.closers, array)
		if a, err = Concat(a, other); err == nil {
			return a, nil
		}
	}
	_ = array.Close()
	return a, err
}

// Concat returns a with b behind it along the first axis. Closing it closes what the operations of both have opened.
func Concat(a, b Array) (Array, error) {
	if err := stackable(a, b); err != nil {
		return a, err
	}
	to, err := promoted(a.DType(), b.DType())
	if err != nil {
		return a, err
	}
	out := a
	if loses(a.DType(), to) || loses(b.DType(), to) {
		out.Warnings = append(out.Warnings, fmt.Sprintf("stacking %v and %v makes %v, as in numpy, which holds whole numbers up to 2^53 only; astype one of them first to keep more",
			a.DType(), b.DType(), to))
	}
	a, b = a.mapped(cast(a.DType(), to)...), b.mapped(cast(b.DType(), to)...)
	shape := slices.Clone(a.Shape())
	shape[0] += b.Shape()[0]
	out.Source = &concatenation{first: a.Source, second: b.Source, shape: shape}
	out.Warnings = slices.Concat(out.Warnings, b.Warnings)
	out.closers = slices.Concat(a.closers, b.closers)
	out.Moved = a.Moved || b.Moved || axesOf(a.Spatial)[0].physical
	out.reselected = true
	out.Scratch = max(a.Scratch, b.Scratch)
	out.Neighborhood = nil
	if a.Neighborhood != nil && b.Neighborhood != nil {
		out.Neighborhood = slices.Concat(a.Neighborhood, b.Neighborhood)
	}
	return out, nil
}

// stackable refuses arrays of which one cannot lie behind the other.
func stackable(a, b Array) error {
	n, m := a.Shape(), b.Shape()
	if len(n) == 0 || len(n) != len(m) || !slices.Equal(n[1:], m[1:]) {
		return fmt.Errorf("%s has shape %v, %s %v: all axes but the first must have the same length", a.Path(), n, b.Path(), m)
	}
	x, y := axesOf(a.Spatial), axesOf(b.Spatial)
	for d := range x {
		if x[d].physical != y[d].physical {
			return fmt.Errorf("axis %d is of type %s in %s and %s in %s", d, x[d].kind, a.Path(), y[d].kind, b.Path())
		}
		if !same(x[d].voxel, y[d].voxel) || d > 0 && !same(x[d].offset, y[d].offset) {
			return fmt.Errorf("along %s, %s has voxel size %v and offset %v, %s %v and %v: they must lie on the same voxels",
				x[d].name, a.Path(), x[d].voxel, x[d].offset, b.Path(), y[d].voxel, y[d].offset)
		}
	}
	return nil
}

func same(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b)) }

// loses reports whether whole numbers of a type may be rounded in another.
func loses(from, to nd.DType) bool {
	return to == nd.Float64 && (from == nd.Int64 || from == nd.Uint64)
}

// promoted returns the type that numpy gives two arrays together.
func promoted(a, b nd.DType) (nd.DType, error) {
	if a > b {
		a, b = b, a // bool, signed, unsigned, floats
	}
	float, bits := a.IsFloat() || b.IsFloat(), 8*max(a.Size(), b.Size())
	switch {
	case a == b || a == nd.Bool:
		return b, nil
	case b > nd.Float64:
		return b, fmt.Errorf("%v and %v have no type in common here; stack arrays of one type", a, b)
	case float:
		// A float holds whole numbers of half its width and less.
		need := b.Size()
		if !a.IsFloat() {
			need = max(need, min(8, 2*a.Size()))
		}
		return map[int]nd.DType{2: nd.Float16, 4: nd.Float32, 8: nd.Float64}[need], nil
	case a >= nd.Uint8 || b <= nd.Int64:
		return b, nil // both unsigned, or both signed, the wider one
	case a.Size() > b.Size():
		return a, nil // signed holds unsigned
	case bits == 64 && b == nd.Uint64:
		return nd.Float64, nil
	}
	return map[int]nd.DType{1: nd.Int16, 2: nd.Int32, 4: nd.Int64}[b.Size()], nil
}

// A concatenation is two Sources of one type, one behind the other along the first axis.
type concatenation struct {
	first, second Source
	shape         []int
}

func (c *concatenation) Shape() []int    { return c.shape }
func (c *concatenation) DType() nd.DType { return c.first.DType() }
func (c *concatenation) Path() string    { return c.first.Path() }

// ReadInto reads the parts of the box where they will stay; what lies before and behind belongs to the outer part.
func (c *concatenation) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	if err := checkBox(c, dst, offset); err != nil {
		return err
	}
	n := c.first.Shape()[0]
	split := min(max(n-offset[0], 0), dst.Shape()[0]) // how much of the box is the first one's
	below := nd.Len(dst.Shape()[1:]) * dst.DType().Size()
	if split > 0 {
		if err := c.first.ReadInto(ctx, entries(dst, 0, split, below), offset); err != nil {
			return err
		}
	}
	if split == dst.Shape()[0] {
		return nil
	}
	return c.second.ReadInto(ctx, entries(dst, split, dst.Shape()[0], below), shifted(offset, 0, split-n))
}

// entries returns some entries of the first axis, which share memory; below is the bytes of one.
func entries(a *nd.Array, from, to, below int) *nd.Array {
	shape := slices.Clone(a.Shape())
	shape[0] = to - from
	return nd.View(a.DType(), a.Bytes()[from*below:to*below], shape...)
}
