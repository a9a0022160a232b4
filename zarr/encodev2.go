package zarr

import (
	"encoding/json"
	"fmt"
	"slices"

	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/pyjson"
)

// docV2 is a .zarray.
type docV2 struct {
	Shape      []int           `json:"shape"`
	Chunks     []int           `json:"chunks"`
	DType      string          `json:"dtype"`
	Compressor any             `json:"compressor"`
	Fill       json.RawMessage `json:"fill_value"`
	Order      string          `json:"order"`
	Filters    any             `json:"filters"`
	Separator  string          `json:"dimension_separator"`
	Format     int             `json:"zarr_format"`
}

func (s Spec) v2() (any, error) {
	doc := docV2{
		Shape: orEmpty(s.Shape), Chunks: orEmpty(s.Chunks), DType: typeV2(s.DType, s.BigEndian), Order: "C",
		Separator: "/", Format: 2,
	}
	if s.Separator != "" {
		doc.Separator = s.Separator
	}
	var err error
	if doc.Fill, err = s.Fill.jsonV2(s.DType); err != nil {
		return nil, err
	}
	if s.NoFill {
		doc.Fill = json.RawMessage("null")
	}
	switch {
	case len(s.Order) > 1 && slices.Equal(s.Order, reversed(len(s.Order))):
		doc.Order = "F"
	case s.Order != nil && !slices.IsSorted(s.Order):
		return nil, fmt.Errorf("order %v: zarr v2 has only the order of the axes and its reverse", s.Order)
	}
	doc.Filters, doc.Compressor, err = s.codecsV2()
	return doc, err
}

// codecsV2 returns the objects of the fields filters and compressor.
func (s Spec) codecsV2() (filters, compressor any, err error) {
	codecs, err := s.codecs()
	if err != nil {
		return nil, nil, err
	}
	var objects []any
	t := codec.Type{DType: s.DType, Swapped: s.BigEndian == (nativeEndian == "little")}
	for _, c := range slices.Concat(s.Filters, codecs) {
		object := c.Spec().V2
		if object == nil {
			return nil, nil, fmt.Errorf("codec %q: zarr v2 has no such codec", c.Spec().V3Name)
		}
		if f, ok := c.(codec.Filter); ok {
			if err := checkBooleans(f, t.DType); err != nil {
				return nil, nil, err
			}
			if in, _ := f.Types(); in.Size() > 1 && t.Size() > 1 && in.Swapped != t.Swapped {
				return nil, nil, fmt.Errorf("filter %s takes elements of type %v, and zarr v2 gives it %v: choose the array's byte order for the filter",
					excerptOf(object), in, t)
			}
		}
		objects, t = append(objects, object), codec.Next(c, t)
	}
	if n := len(objects); len(codecs) > 0 {
		objects, compressor = objects[:n-1], objects[n-1]
	}
	if len(objects) > 0 {
		filters = objects
	}
	return filters, compressor, nil
}

func excerptOf(v any) string {
	data, _ := json.Marshal(v)
	return pyjson.Excerpt(data)
}

// typeV2 returns numpy's name of a type.
func typeV2(t nd.DType, bigEndian bool) string {
	switch {
	case t.Size() == 1:
		return "|" + t.Code()
	case bigEndian:
		return ">" + t.Code()
	}
	return "<" + t.Code()
}

// reversed returns the axes from the last to the first.
func reversed(dims int) []int {
	order := make([]int, dims)
	for i := range order {
		order[i] = dims - 1 - i
	}
	return order
}

// orEmpty returns a list that JSON shows as [] and not as null.
func orEmpty(list []int) []int {
	if list == nil {
		return []int{}
	}
	return list
}
