package zarr

import (
	"encoding/json"
	"strings"

	"volara/nd"
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
	m.Fill = f.fill(m.DType, parseFill)
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
