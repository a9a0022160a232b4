package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/codec"
	"volara/zarr/lazy"
)

// specOf returns how the copy of a box of an array is stored.
func (o Options) specOf(a *volume.Array, b volume.Box) (zarr.Spec, error) {
	m := a.Stored.Metadata()
	s := m.Spec()
	s.Shape, s.Attributes = b.Shape, nil
	if o.Format != 0 {
		o.convertFormat(&s)
	}
	if len(s.Chunks) != len(s.Shape) { // operations have dropped or added axes
		s.Chunks, s.Shards, s.SubShards, s.Order, s.DimensionNames = slices.Clone(a.Chunks), nil, nil, nil, nil
	}
	if err := o.layOut(&s); err != nil {
		return s, err
	}
	if err := o.encode(&s, a.DType(), m.DType); err != nil {
		return s, err
	}
	return s, o.fill(&s, m)
}

// convertFormat drops what the other format does not have.
func (o Options) convertFormat(s *zarr.Spec) {
	if s.Format == o.Format {
		return
	}
	s.Format, s.V2Keys, s.NoFill = o.Format, false, false
	if o.Format == 2 {
		s.Shards, s.SubShards, s.DimensionNames, s.Index = nil, nil, nil, zarr.ShardIndex{}
		return
	}
	s.Separator = "/"
}

// layOut settles chunks, shards, keys and orders.
func (o Options) layOut(s *zarr.Spec) error {
	for _, l := range []struct {
		flag  string
		shape []int
	}{{"chunks", o.Chunks}, {"shards", o.Shards}} {
		if l.shape != nil && len(l.shape) != len(s.Shape) {
			return volume.Refuse("--%s %v: %d numbers for the shape %v", l.flag, l.shape, len(l.shape), s.Shape)
		}
	}
	if o.Chunks != nil {
		s.Chunks, s.SubShards = o.Chunks, nil
	}
	switch {
	case o.NoShards:
		s.Shards, s.SubShards, s.Index = nil, nil, zarr.ShardIndex{}
	case o.Shards != nil:
		s.Shards, s.SubShards = o.Shards, nil
	}
	for d := range s.Shards {
		if s.Shards[d]%s.Chunks[d] != 0 {
			return volume.Refuse("shards %v are not whole multiples of the chunks %v; give --shards that are, or --shards none", s.Shards, s.Chunks)
		}
	}
	if o.Separator != "" {
		s.Separator = o.Separator
	}
	if o.Endian != "" {
		s.BigEndian = o.Endian == "big"
	}
	switch o.Order {
	case "C":
		s.Order = nil
	case "F":
		s.Order = make([]int, len(s.Shape))
		for i := range s.Order {
			s.Order[i] = len(s.Order) - 1 - i
		}
	}
	if s.Format == 2 && s.Order != nil && !isReversed(s.Order) {
		s.Order = nil // v2 has only C and F
	}
	return nil
}

func isReversed(order []int) bool {
	for i, axis := range order {
		if axis != len(order)-1-i {
			return false
		}
	}
	return true
}

// encode settles the type of the voxels, and the codecs; those of the source are kept as far as they suit the type.
func (o Options) encode(s *zarr.Spec, seen, stored nd.DType) error {
	s.DType = seen
	if o.DType != nd.Invalid {
		s.DType = o.DType
	}
	switch {
	case o.Codecs != nil:
		codecs, err := o.Codecs(s.DType)
		if err != nil {
			return &volume.InputError{Err: err}
		}
		s.Codecs, s.Filters = codecs, nil
		for len(s.Codecs) > 0 {
			filter, ok := s.Codecs[0].(codec.Filter)
			if !ok {
				break
			}
			s.Filters, s.Codecs = append(s.Filters, filter), s.Codecs[1:]
		}
	case s.DType != stored:
		s.Filters = nil // they count on the type
		for i, c := range s.Codecs {
			b, ok := c.(*codec.Blosc)
			if !ok {
				continue
			}
			config := b.BloscConfig
			config.TypeSize = s.DType.Size()
			var err error
			if s.Codecs[i], err = codec.NewBlosc(config); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill settles the fill value.
func (o Options) fill(s *zarr.Spec, m zarr.Metadata) error {
	var err error
	switch {
	case o.Fill != nil:
		if s.Fill, err = zarr.ParseFill(*o.Fill, s.DType); err != nil {
			return volume.Refuse("--fill: %w", err)
		}
		s.NoFill = false
	case len(o.Ops) > 0:
		s.Fill, s.NoFill = zarr.Fill{}, false // operations apply to fill values as to all others
	case s.DType != m.DType:
		text := m.Fill.Text(m.DType)
		if m.DType == nd.Bool {
			text = map[string]string{"false": "0", "true": "1"}[text]
		}
		if s.Fill, err = zarr.ParseFill(text, s.DType); err != nil {
			return volume.Refuse("the fill value %s is none of type %v; give one with --fill", text, s.DType)
		}
	}
	return nil
}

// seen is the array with the operation of a cast that wraps; floats become whole numbers in convert.
func (o Options) seen(ctx context.Context, stored *zarr.Array) (*volume.Array, error) {
	a, err := volume.See(ctx, stored, o.Ops)
	if err != nil || o.Cast != Wrap || o.DType == nd.Invalid || a.DType().IsFloat() && o.DType.IsInteger() {
		return a, err
	}
	if err := a.Array.Close(); err != nil { // what operations have opened
		return nil, err
	}
	return volume.See(ctx, stored, append(slices.Clone(o.Ops), lazy.AsType{To: o.DType}))
}

// attributesOf returns the attributes of the copy of a box of an array; moved says that its place has to be written down
// anew.
func attributesOf(a *volume.Array, b volume.Box, moved bool) (map[string]any, error) {
	attrs := map[string]any{}
	for name, raw := range a.Stored.Metadata().Attributes {
		attrs[name] = raw
	}
	if lazy.Offsets(a.Stored) != nil {
		delete(attrs, "neighborhood")
		if n := a.Neighborhood; n != nil {
			attrs["neighborhood"] = n[b.Offset[0] : b.Offset[0]+b.Shape[0]] // affinities: those of the channels that are copied
		}
	}
	if !moved {
		return attrs, nil
	}
	place, err := a.Place()
	if err != nil {
		return nil, err
	}
	place.Offset = slices.Clone(place.Offset)
	for i, axis := range place.Physical() {
		place.Offset[i] += float64(b.Offset[axis]) * place.VoxelSize[i]
	}
	for name, v := range place.Attributes() {
		attrs[name] = v
	}
	delete(attrs, "resolution")
	return attrs, nil
}

// hasPlace reports whether an array says of itself where it is.
func hasPlace(attrs map[string]json.RawMessage) bool {
	for _, name := range []string{"offset", "voxel_size", "axis_names", "units", "types"} {
		if _, ok := attrs[name]; ok {
			return true
		}
	}
	return false
}

// objectShape returns the shape of what is stored as one object.
func objectShape(s zarr.Spec) []int {
	if s.Shards != nil {
		return s.Shards
	}
	return s.Chunks
}

// check tells early what the format cannot hold.
func check(path string, s zarr.Spec) error {
	if err := s.Check(); err != nil {
		return &volume.InputError{Err: fmt.Errorf("the copy %s: %w", path, err)}
	}
	return nil
}
