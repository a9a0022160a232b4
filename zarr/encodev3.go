package zarr

import (
	"encoding/json"
	"slices"

	"volara/nd"
	"volara/zarr/codec"
)

// docV3 is a zarr.json.
type docV3 struct {
	Format     int             `json:"zarr_format"`
	Node       string          `json:"node_type"`
	Shape      []int           `json:"shape"`
	DType      string          `json:"data_type"`
	Grid       extensionV3     `json:"chunk_grid"`
	Keys       extensionV3     `json:"chunk_key_encoding"`
	Fill       json.RawMessage `json:"fill_value"`
	Codecs     []extensionV3   `json:"codecs"`
	Dimensions []*string       `json:"dimension_names,omitempty"`
	Attributes map[string]any  `json:"attributes"`
}

type extensionV3 struct {
	Name   string `json:"name"`
	Config any    `json:"configuration,omitempty"`
}

func (s Spec) v3(attrs map[string]any) (any, error) {
	codecs, outer, err := s.codecsV3()
	if err != nil {
		return nil, err
	}
	keys := extensionV3{"default", map[string]any{"separator": "/"}}
	if s.V2Keys {
		keys.Name = "v2"
	}
	if s.Separator != "" {
		keys.Config = map[string]any{"separator": s.Separator}
	}
	doc := docV3{
		Format: 3, Node: "array", Shape: orEmpty(s.Shape), DType: s.DType.String(),
		Grid:   extensionV3{"regular", map[string]any{"chunk_shape": orEmpty(outer)}},
		Keys:   keys,
		Fill:   s.Fill.json(s.DType),
		Codecs: codecs, Attributes: attrs,
	}
	for i := range s.DimensionNames {
		var name *string
		if s.DimensionNames[i] != "" {
			name = &s.DimensionNames[i]
		}
		doc.Dimensions = append(doc.Dimensions, name)
	}
	return doc, nil
}

// codecsV3 returns the codecs and the shape of what one object holds. What is done to voxels is done in the innermost
// chunks, so that each can be read on its own.
func (s Spec) codecsV3() (list []extensionV3, outer []int, err error) {
	codecs, err := s.codecs()
	if err != nil {
		return nil, nil, err
	}
	if s.Order != nil {
		list = append(list, extensionV3{"transpose", map[string]any{"order": s.Order}})
	}
	t := codec.Type{DType: s.DType}
	for _, c := range s.Filters {
		list, t = append(list, extensionOf(c)), codec.Next(c, t)
	}
	list = append(list, bytesV3(t.DType, s.BigEndian))
	for _, c := range codecs {
		list = append(list, extensionOf(c))
	}
	outer = s.Chunks
	shards := s.SubShards
	if s.Shards != nil {
		shards = slices.Concat([][]int{s.Shards}, s.SubShards)
	}
	for _, shape := range slices.Backward(shards) {
		list = []extensionV3{{"sharding_indexed", map[string]any{
			"chunk_shape":    orEmpty(outer),
			"codecs":         list,
			"index_codecs":   s.Index.codecsV3(),
			"index_location": map[bool]string{false: "end", true: "start"}[s.Index.AtStart],
		}}}
		outer = shape
	}
	return list, outer, nil
}

func (x ShardIndex) codecsV3() []extensionV3 {
	codecs := x.Codecs
	if codecs == nil {
		codecs = []codec.Codec{codec.CRC32C()}
	}
	list := []extensionV3{bytesV3(nd.Uint64, x.BigEndian)}
	for _, c := range codecs {
		list = append(list, extensionOf(c))
	}
	return list
}

func extensionOf(c codec.Codec) extensionV3 {
	return extensionV3{c.Spec().V3Name, c.Spec().V3Config}
}

// bytesV3 is the serialisation of elements.
func bytesV3(t nd.DType, bigEndian bool) extensionV3 {
	switch {
	case t.Size() == 1:
		return extensionV3{Name: "bytes"}
	case bigEndian:
		return extensionV3{"bytes", map[string]any{"endian": "big"}}
	}
	return extensionV3{"bytes", map[string]any{"endian": "little"}}
}
