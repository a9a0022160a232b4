package lazy

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"volara/nd"
)

// A kernel writes what a piece of elements becomes: dst and src hold the same number of them, of the types that the
// step goes from and to, and lie at a place of the box that is read. dst may be src, or hold it at its end, where an
// element is written when it and all before it have been read.
type kernel func(dst, src []byte, at place) error

// A place is that of a piece in the box that is read.
type place struct {
	offset, shape []int // of the box
	first         int   // element of the box, in C order
}

// A step is one operation on values, or a part of one.
type step struct {
	to  nd.DType
	run kernel
	// plain tells that the result is made of the element alone, and always made.
	plain bool
	// inPlace tells that dst is src, unless it is the first step.
	inPlace bool
}

// values is a Source whose elements are made of another's, one by one.
type values struct {
	Source
	steps []step
	dtype nd.DType
	table func() []byte // what each element of one or two bytes becomes; nil: run the steps

	boxes, pieces *pool // of what is read beside the result, and of what lies between steps
}

// mapped returns the array with steps behind it; none is the array itself.
func (a Array) mapped(steps ...step) Array {
	if len(steps) == 0 {
		return a
	}
	v := &values{Source: a.Source, steps: steps, boxes: new(pool), pieces: new(pool)}
	if inner, ok := a.Source.(*values); ok {
		v.Source, v.boxes, v.pieces = inner.Source, inner.boxes, inner.pieces
		v.steps = append(inner.steps[:len(inner.steps):len(inner.steps)], steps...)
		a.Scratch -= inner.scratch()
	}
	v.dtype = v.steps[len(v.steps)-1].to
	if v.small() {
		v.table = sync.OnceValue(v.makeTable)
	}
	a.Source = v
	a.Scratch += v.scratch()
	return a
}

func (v *values) DType() nd.DType { return v.dtype }

// scratch returns the bytes an element that reading takes beside the result.
func (v *values) scratch() int {
	if size := v.Source.DType().Size(); size > v.dtype.Size() {
		return size
	}
	return 0
}

// ReadInto reads the inner elements into the end of dst, where they fit, and changes them from the front.
func (v *values) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	if err := checkBox(v, dst, offset); err != nil {
		return err
	}
	from := v.Source.DType()
	raw := dst.Bytes()
	if n := dst.Len() * from.Size(); n <= len(raw) {
		raw = raw[len(raw)-n:]
	} else {
		s, b := v.boxes.take(n)
		defer v.boxes.put(s)
		raw = b
	}
	if err := v.Source.ReadInto(ctx, nd.View(from, raw, dst.Shape()...), offset); err != nil {
		return err
	}
	if err := v.change(ctx, dst, raw, offset); err != nil {
		return fmt.Errorf("reading %s: %w", v.Path(), err)
	}
	clearOutside(dst, offset, v.Shape())
	return nil
}

// pieceElements are changed together: what they need between steps stays in the nearest cache.
const pieceElements = 1024

// change runs the steps over elements that lie in the end of dst or elsewhere, piece by piece.
func (v *values) change(ctx context.Context, dst *nd.Array, raw []byte, offset []int) error {
	from, to := v.Source.DType().Size(), v.dtype.Size()
	if v.table != nil && dst.Len() >= 1<<(8*from)/4 {
		lookUp(dst.Bytes(), raw, v.table(), from, to)
		return nil
	}
	s, between := v.pieces.take(2 * 16 * pieceElements)
	defer v.pieces.put(s)
	at := place{offset: offset, shape: dst.Shape()}
	for n := dst.Len(); at.first < n; at.first += pieceElements {
		if at.first%(1024*pieceElements) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		last := min(at.first+pieceElements, n)
		if err := v.piece(dst.Bytes()[at.first*to:last*to], raw[at.first*from:last*from], between, last-at.first, at); err != nil {
			return err
		}
	}
	return nil
}

// piece runs the steps over n elements; between are two halves of memory for what lies between steps.
func (v *values) piece(dst, src, between []byte, n int, at place) error {
	free, other := between[:len(between)/2], between[len(between)/2:]
	for i, s := range v.steps {
		out := src
		if !s.inPlace || i == 0 {
			out = free[:n*s.to.Size()]
			free, other = other, free
			if v.ends(i) {
				out = dst
			}
		}
		if err := s.run(out, src, at); err != nil {
			return err
		}
		src = out
	}
	return nil
}

// ends reports whether what step i makes is changed in place at most before it is the result.
func (v *values) ends(i int) bool {
	for _, s := range v.steps[i+1:] {
		if !s.inPlace {
			return false
		}
	}
	return true
}

// small reports whether the elements have so few values that what becomes of all of them can be written down.
func (v *values) small() bool {
	return v.Source.DType().Size() <= 2 && !slices.ContainsFunc(v.steps, func(s step) bool { return !s.plain })
}

// makeTable returns what the steps make of each element of one or two bytes.
func (v *values) makeTable() []byte {
	from := v.Source.DType().Size()
	n := 1 << (8 * from)
	all := nd.New(nd.Uint16, n) // more than enough for single bytes
	for i := range n {
		if from == 1 {
			all.Bytes()[i] = byte(i)
		} else {
			nd.Values[uint16](all)[i] = uint16(i)
		}
	}
	table, to := nd.New(v.dtype, n), v.dtype.Size()
	between := nd.New(nd.Uint64, 2*2*256) // two pieces of 256 elements of up to 16 bytes
	for i := 0; i < n; i += 256 {
		// A table is made of plain steps, which do not fail and know no place.
		_ = v.piece(table.Bytes()[i*to:(i+256)*to], all.Bytes()[i*from:(i+256)*from], between.Bytes(), 256, place{})
	}
	return table.Bytes()
}

// lookUp writes the entries of a table that elements of one or two bytes stand for; to is the size of an entry.
func lookUp(dst, src, table []byte, from, to int) {
	switch {
	case from == 1 && to == 1:
		lookUpBytes[uint8](dst, src, table)
	case from == 1 && to == 2:
		lookUpBytes[uint16](dst, src, table)
	case from == 1 && to == 4:
		lookUpBytes[uint32](dst, src, table)
	case from == 1:
		lookUpBytes[uint64](dst, src, table)
	case to == 1:
		lookUpWords[uint8](dst, src, table)
	case to == 2:
		lookUpWords[uint16](dst, src, table)
	case to == 4:
		lookUpWords[uint32](dst, src, table)
	default:
		lookUpWords[uint64](dst, src, table)
	}
}

func lookUpBytes[T uint8 | uint16 | uint32 | uint64](dst, src, table []byte) {
	out, entries := nd.Elements[T](dst), (*[1 << 8]T)(nd.Elements[T](table))
	out = out[:len(src)]
	for i, b := range src {
		out[i] = entries[b]
	}
}

func lookUpWords[T uint8 | uint16 | uint32 | uint64](dst, src, table []byte) {
	in, out, entries := nd.Elements[uint16](src), nd.Elements[T](dst), (*[1 << 16]T)(nd.Elements[T](table))
	out = out[:len(in)]
	for i, w := range in {
		out[i] = entries[w]
	}
}
