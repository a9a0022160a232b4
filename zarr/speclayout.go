package zarr

import (
	"slices"

	"volara/zarr/codec"
)

// describe adds a layout to a Spec. A Spec transposes and filters the innermost chunks only, and encodes only their bytes:
// what a layout does to shards moves into them. The voxels are the same, and so are the shapes of shards and chunks.
func (l *layout) describe(s *Spec) {
	d := description{spec: s}
	for _, axis := range slices.Backward(reversed(len(l.shape))) {
		d.order = append(d.order, axis)
	}
	s.Codecs = []codec.Codec{}
	for inner := l; inner != nil; {
		inner = d.add(inner)
	}
	s.Order = nil
	if !slices.IsSorted(d.order) {
		s.Order = d.order
	}
	for len(s.Codecs) > 0 { // v2 has filters and compressor in one chain
		filter, ok := s.Codecs[0].(codec.Filter)
		if !ok {
			break
		}
		s.Filters, s.Codecs = append(s.Filters, filter), s.Codecs[1:]
	}
}

// A description is a Spec while layouts are added to it, from outside in.
type description struct {
	spec  *Spec
	order []int // stored axis k of the layout that comes next is axis order[k] of the array
	flat  bool  // a filter has made a list of the chunk: shards of that are not shapes of the array
}

// add adds a layout, less what is inside it, which it returns; nil for the innermost one.
func (d *description) add(l *layout) *layout {
	s := d.spec
	if !d.flat {
		s.Chunks = d.unpermuted(l.shape)
		d.transpose(l.order)
	}
	if l.next != nil {
		s.Filters = append(s.Filters, l.filter)
		d.flat = d.flat || !slices.Equal(l.next.shape, l.storedShape())
		return l.next
	}
	s.Codecs = append(append([]codec.Codec{}, l.codecs...), s.Codecs...) // never nil, which would mean a default
	if l.shard == nil {
		s.BigEndian = l.bigEndian()
		return nil
	}
	switch {
	case d.flat:
	case s.Shards == nil:
		s.Shards = s.Chunks
	default:
		s.SubShards = append(s.SubShards, s.Chunks)
	}
	if s.Shards != nil {
		index := l.shard.indexLayout
		s.Index = ShardIndex{l.shard.atStart, index.bigEndian(), append([]codec.Codec{}, index.codecs...)}
	}
	return l.shard.inner
}

// transpose adds a transposition; nil is none.
func (d *description) transpose(order []int) {
	before := slices.Clone(d.order)
	for k, axis := range order {
		d.order[k] = before[axis]
	}
}

// unpermuted returns a shape of the layout that comes next in the array's order of axes.
func (d *description) unpermuted(shape []int) []int {
	out := make([]int, len(shape))
	for k, axis := range d.order {
		out[axis] = shape[k]
	}
	return out
}
