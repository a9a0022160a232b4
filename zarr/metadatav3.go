package zarr

import (
	"encoding/json"
	"strings"

	"volara/nd"
	"volara/zarr/codec"
)

// parseV3 reads a zarr.json.
// Format: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
func parseV3(file string, data []byte) (*Metadata, error) {
	f, err := parseFields(file, data)
	if err != nil {
		return nil, err
	}
	m := &Metadata{Format: 3}
	if format := f.integer("zarr_format"); format != 3 {
		f.fail("zarr_format", "%d is not supported in a zarr.json; supported is 3", format)
	}
	f.choice("node_type", "array")
	m.Shape = f.lengths("shape", 0)
	m.DType = parseTypeV3(f)
	m.Chunks = parseGridV3(f)
	checkShapes(f, m.Shape, m.Chunks, "chunk_grid.configuration.chunk_shape", m.DType)
	m.keys = parseKeysV3(f)
	m.Fill = parseFillField(f, m.DType)
	if raw := f.raw["fill_value"]; *f.err == nil && string(raw) == "null" {
		f.fail("fill_value", "null; zarr v3 needs a value")
	}
	if *f.err == nil {
		m.layout = parseLayoutV3(f, "codecs", m.Chunks, m.DType, m.Fill)
	}
	if *f.err == nil {
		checkPiece(f, m.layout.pieceShape(), "chunk_grid.configuration.chunk_shape", m.DType)
	}
	m.DimensionNames = parseDimensionNames(f, len(m.Shape))
	if f.has("attributes") {
		m.Attributes = f.object("attributes").raw
	}
	if f.has("storage_transformers") {
		for _, raw := range f.list("storage_transformers") {
			name, _ := f.extension("storage_transformers", raw)
			f.fail("storage_transformers", "%q is not supported; none is", name)
		}
	}
	checkExtensions(f)
	if *f.err != nil {
		return nil, *f.err
	}
	m.Codecs = m.layout.names()
	m.Inner = m.layout.pieceShape()
	return m, nil
}

// checkExtensions refuses unknown fields that do not say that they may be ignored.
func checkExtensions(f fields) {
	known := []string{"zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value",
		"codecs", "attributes", "dimension_names", "storage_transformers", "consolidated_metadata"}
	kept := f
	kept.raw = map[string]json.RawMessage{}
	for name, raw := range f.raw {
		var e struct {
			Must *bool `json:"must_understand"`
		}
		if json.Unmarshal(raw, &e) != nil || e.Must == nil || *e.Must {
			kept.raw[name] = raw
		}
	}
	kept.only(known...)
}

func parseTypeV3(f fields) nd.DType {
	raw, ok := f.raw["data_type"]
	if !ok {
		f.fail("data_type", "missing; it should be one of %s", strings.Join(dtypeNames(), ", "))
		return nd.Invalid
	}
	name, _ := f.extension("data_type", raw)
	t, err := nd.ParseDType(name)
	if err != nil && *f.err == nil {
		f.fail("data_type", "%q is not supported; supported are %s", name, strings.Join(dtypeNames(), ", "))
	}
	return t
}

func parseGridV3(f fields) []int {
	raw, ok := f.raw["chunk_grid"]
	if !ok {
		f.fail("chunk_grid", `missing; it should be {"name": "regular", …}`)
		return nil
	}
	name, config := f.extension("chunk_grid", raw)
	if name != "regular" && *f.err == nil {
		f.fail("chunk_grid", "%q is not supported; supported is \"regular\"", name)
	}
	return config.lengths("chunk_shape", 1)
}

func parseKeysV3(f fields) keyEncoding {
	raw, ok := f.raw["chunk_key_encoding"]
	if !ok {
		f.fail("chunk_key_encoding", `missing; it should be {"name": "default", …}`)
		return keyEncoding{}
	}
	name, config := f.extension("chunk_key_encoding", raw)
	e := keyEncoding{prefix: "c", separator: "/"}
	switch name {
	case "default":
	case "v2":
		e = keyEncoding{separator: "."}
	default:
		f.fail("chunk_key_encoding", "%q is not supported; supported are \"default\" and \"v2\"", name)
	}
	if config.has("separator") {
		e.separator = config.choice("separator", "/", ".")
	}
	return e
}

func parseFillField(f fields, t nd.DType) Fill {
	raw, ok := f.raw["fill_value"]
	if !ok {
		f.fail("fill_value", "missing; it should be a value of type %v", t)
	}
	if *f.err != nil {
		return 0
	}
	fill, err := parseFill(raw, t)
	if err != nil {
		f.fail("fill_value", "%v", err)
	}
	return fill
}

func parseDimensionNames(f fields, dims int) []string {
	if !f.has("dimension_names") {
		return nil
	}
	var list []*string
	if !f.into("dimension_names", &list, "a list of strings and nulls") {
		return nil
	}
	if len(list) != dims {
		f.fail("dimension_names", "%d names for an array of %d dimensions", len(list), dims)
	}
	names := make([]string, len(list))
	for i, s := range list {
		if s != nil {
			names[i] = *s
		}
	}
	return names
}

// parseLayoutV3 reads a list of codecs: any number from array to array, one from array to bytes, any number from bytes
// to bytes.
func parseLayoutV3(f fields, field string, shape []int, t nd.DType, fill Fill) *layout {
	l := &layout{dtype: t, shape: shape, fill: fill}
	serialised := false
	for _, raw := range f.list(field) {
		name, config := f.extension(field, raw)
		switch {
		case *f.err != nil:
			return nil
		case name == "transpose" && !serialised:
			l.transpose(parseOrder(config, len(shape)))
		case name == "bytes" && !serialised:
			l.swap, serialised = parseEndian(config, t) != nativeEndian, true
		case name == "sharding_indexed" && !serialised:
			l.shard, serialised = parseShard(config, l.storedShape(), t, fill), true
		case name == "transpose" || name == "bytes" || name == "sharding_indexed":
			f.fail(field, "%q after the array was already turned into bytes", name)
		default:
			c, err := codec.ParseV3(name, config.json(), t.Size())
			switch {
			case err != nil:
				f.fail(field, "%v, transpose, bytes, sharding_indexed", err)
			case !serialised:
				f.fail(field, "%q before the array was turned into bytes by \"bytes\" or \"sharding_indexed\"", name)
			}
			l.codecs = append(l.codecs, c)
		}
	}
	if !serialised {
		f.fail(field, `neither "bytes" nor "sharding_indexed" among the codecs`)
	}
	return l
}

// json returns the object's fields, nil when there is none.
func (f fields) json() json.RawMessage {
	if f.raw == nil {
		return nil
	}
	data, err := json.Marshal(f.raw)
	if err != nil {
		f.fail("", "%v", err)
	}
	return data
}

// parseOrder reads a transposition, also the legacy "C" and "F".
func parseOrder(config fields, dims int) []int {
	config.only("order")
	order := make([]int, dims)
	var word string
	if json.Unmarshal(config.raw["order"], &word) == nil && (word == "C" || word == "F") {
		for i := range order {
			order[i] = i
			if word == "F" {
				order[i] = dims - 1 - i
			}
		}
		return order
	}
	list := config.lengths("order", 0)
	seen := make([]bool, dims)
	for _, axis := range list {
		if len(list) != dims || axis >= dims || seen[axis] {
			config.fail("order", "%v is not a permutation of %d axes", list, dims)
			return order
		}
		seen[axis] = true
	}
	if len(list) != dims {
		config.fail("order", "%v is not a permutation of %d axes", list, dims)
		return order
	}
	return list
}

// parseEndian reads the byte order of the "bytes" codec, which one-byte types need not have.
func parseEndian(config fields, t nd.DType) string {
	config.only("endian")
	if !config.has("endian") {
		if t.Size() > 1 {
			config.fail("endian", "missing for type %v; supported are \"little\" and \"big\"", t)
		}
		return nativeEndian
	}
	endian := config.choice("endian", "little", "big")
	if t.Size() == 1 {
		return nativeEndian
	}
	return endian
}

// parseShard reads the configuration of sharding_indexed.
func parseShard(config fields, shape []int, t nd.DType, fill Fill) *shard {
	config.only("chunk_shape", "codecs", "index_codecs", "index_location")
	inner := config.lengths("chunk_shape", 1)
	if *config.err != nil {
		return nil
	}
	if len(inner) != len(shape) {
		config.fail("chunk_shape", "%d numbers for an array of %d dimensions", len(inner), len(shape))
		return nil
	}
	s := &shard{counts: make([]int, len(shape))}
	for d := range shape {
		if shape[d]%inner[d] != 0 {
			config.fail("chunk_shape", "%v does not divide the shard's %v", inner, shape)
			return nil
		}
		s.counts[d] = shape[d] / inner[d]
	}
	s.inner = parseLayoutV3(config, "codecs", inner, t, fill)
	s.parseIndexCodecs(config)
	if config.has("index_location") {
		s.atStart = config.choice("index_location", "end", "start") == "start"
	}
	if n, ok := product(s.counts, 16); !ok || n > maxChunkBytes {
		config.fail("chunk_shape", "%v makes an index of more than %d bytes", inner, maxChunkBytes)
	}
	return s
}

// parseIndexCodecs reads the codecs of a shard's index, which must give it a fixed length.
func (s *shard) parseIndexCodecs(config fields) {
	l := parseLayoutV3(config, "index_codecs", []int{1}, nd.Uint64, 0)
	if *config.err != nil {
		return
	}
	if l.shard != nil || l.order != nil {
		config.fail("index_codecs", "only \"bytes\" and \"crc32c\" are supported for the index")
		return
	}
	for _, c := range l.codecs {
		if _, ok := c.(codec.CRC32C); !ok {
			config.fail("index_codecs", "%q is not supported for the index; supported are \"bytes\" and \"crc32c\"", c.Spec().V3Name)
		}
	}
	s.bigEndian, s.indexCodecs = l.swap == (nativeEndian == "little"), l.codecs
}
