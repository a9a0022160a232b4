package zarr

import (
	"encoding/json"
	"fmt"
	"slices"

	"volara/nd"
	"volara/zarr/codec"
)

// A file is a metadata file to be written.
type file struct {
	name string
	data []byte
}

// encode returns the metadata files of the array, in the order in which they are to be written, so that the array
// exists when the last one does. What it returns can be read back: a Spec that makes no sense is an error.
func (s Spec) encode() ([]file, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var doc any
	var err error
	name, attrs := "zarr.json", s.Attributes
	if attrs == nil {
		attrs = map[string]any{}
	}
	if s.Format == 2 {
		name = ".zarray"
		doc, err = s.v2()
	} else {
		doc, err = s.v3(attrs)
	}
	if err != nil {
		return nil, err
	}
	main, err := encodeJSON(doc)
	if err != nil {
		return nil, err
	}
	files := []file{{name, main}}
	if s.Format == 2 && len(attrs) > 0 {
		data, err := encodeJSON(attrs)
		if err != nil {
			return nil, err
		}
		files = []file{{".zattrs", data}, {name, main}}
	}
	_, err = parseFiles("", files)
	return files, err
}

func (s Spec) check() error {
	switch {
	case s.Format != 0 && s.Format != 2 && s.Format != 3:
		return fmt.Errorf("zarr format %d is not supported; 2 and 3 are", s.Format)
	case s.DType == nd.Invalid || s.DType > nd.Float64:
		return fmt.Errorf("data type %v", s.DType)
	case len(s.Chunks) != len(s.Shape):
		return fmt.Errorf("chunks %v for the shape %v", s.Chunks, s.Shape)
	case s.Format == 2 && s.Shards != nil:
		return fmt.Errorf("shards need zarr format 3")
	case s.Format == 2 && s.DimensionNames != nil:
		return fmt.Errorf("dimension names need zarr format 3")
	case slices.ContainsFunc(s.Chunks, func(n int) bool { return n < 1 }):
		return fmt.Errorf("chunks %v", s.Chunks)
	case slices.ContainsFunc(s.Shape, func(n int) bool { return n < 0 }):
		return fmt.Errorf("shape %v", s.Shape)
	}
	return nil
}

// parseFiles reads metadata files as if they were in dir.
func parseFiles(dir string, files []file) (*Metadata, error) {
	at := func(name string) string { return dir + "/" + name }
	main := files[len(files)-1]
	if main.name == "zarr.json" {
		return parseV3(at(main.name), main.data)
	}
	var attrs []byte
	if len(files) > 1 {
		attrs = files[0].data
	}
	return parseV2(at(main.name), main.data, at(".zattrs"), attrs)
}

func encodeJSON(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

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
	c, err := newCodec(s.Codec, s.DType)
	if err != nil {
		return nil, err
	}
	doc := docV2{
		Shape: orEmpty(s.Shape), Chunks: orEmpty(s.Chunks), DType: "<" + typesV2[s.DType], Fill: s.Fill.json(s.DType), Order: "C",
		Separator: "/", Format: 2,
	}
	if s.DType.Size() == 1 {
		doc.DType = "|" + typesV2[s.DType]
	}
	if c != nil {
		doc.Compressor = c.Spec().V2
	}
	return doc, nil
}

type extensionV3 struct {
	Name   string `json:"name"`
	Config any    `json:"configuration,omitempty"`
}

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

func (s Spec) v3(attrs map[string]any) (any, error) {
	c, err := newCodec(s.Codec, s.DType)
	if err != nil {
		return nil, err
	}
	codecs, outer := []extensionV3{bytesV3(s.DType)}, s.Chunks
	if c != nil {
		codecs = append(codecs, extensionOf(c))
	}
	if s.Shards != nil {
		outer = s.Shards
		codecs = []extensionV3{{"sharding_indexed", map[string]any{
			"chunk_shape":    orEmpty(s.Chunks),
			"codecs":         codecs,
			"index_codecs":   []extensionV3{bytesV3(nd.Uint64), extensionOf(codec.CRC32C{})},
			"index_location": "end",
		}}}
	}
	doc := docV3{
		Format: 3, Node: "array", Shape: orEmpty(s.Shape), DType: s.DType.String(),
		Grid:   extensionV3{"regular", map[string]any{"chunk_shape": orEmpty(outer)}},
		Keys:   extensionV3{"default", map[string]any{"separator": "/"}},
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

func extensionOf(c codec.Codec) extensionV3 {
	return extensionV3{c.Spec().V3Name, c.Spec().V3Config}
}

// bytesV3 is the serialisation of little-endian elements.
func bytesV3(t nd.DType) extensionV3 {
	if t.Size() == 1 {
		return extensionV3{Name: "bytes"}
	}
	return extensionV3{"bytes", map[string]any{"endian": "little"}}
}

// orEmpty returns a list that JSON shows as [] and not as null.
func orEmpty(list []int) []int {
	if list == nil {
		return []int{}
	}
	return list
}
