package zarr

import (
	"fmt"
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
		m.layout, m.Warnings = parseLayoutV3(f, m.Chunks, m.DType, m.Fill)
	}
	if *f.err == nil {
		checkPiece(f, m.layout.pieceShape(), "chunk_grid.configuration.chunk_shape", m.DType)
	}
	m.DimensionNames = parseDimensionNames(f, len(m.Shape))
	if f.has("attributes") {
		m.Attributes = f.object("attributes").raw
	}
	if f.has("storage_transformers") {
		for i, raw := range f.list("storage_transformers") {
			at := fmt.Sprintf("storage_transformers[%d]", i)
			if e := f.extension(at, raw); !e.optional {
				f.fail(at, "%q is not supported; none is", e.name)
			}
		}
	}
	f.only("zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
		"attributes", "dimension_names", "storage_transformers", "consolidated_metadata")
	if *f.err != nil {
		return nil, *f.err
	}
	m.Codecs = m.layout.names()
	m.Inner = m.layout.pieceShape()
	m.codecs = f.list("codecs")
	return m, nil
}

func parseTypeV3(f fields) nd.DType {
	raw, ok := f.raw["data_type"]
	if !ok {
		f.fail("data_type", "missing; it should be one of %s", strings.Join(dtypeNames(), ", "))
		return nd.Invalid
	}
	e := f.extension("data_type", raw)
	if *f.err != nil {
		return nd.Invalid
	}
	t, err := nd.ParseDType(e.name)
	switch {
	case err == nil:
		e.config.only()
	case kindV3(e.name) != "":
		f.fail("data_type", "%q: %s are not supported; supported are %s", e.name, kindV3(e.name), strings.Join(dtypeNames(), ", "))
	default:
		f.fail("data_type", "%q is not supported; supported are %s", e.name, strings.Join(dtypeNames(), ", "))
	}
	return t
}

// kindV3 says what a data type holds that is known but not supported.
func kindV3(name string) string {
	for _, kind := range []struct{ prefix, what string }{
		{"string", "strings"}, {"fixed_length_utf32", "strings"}, {"null_terminated_bytes", "byte strings"},
		{"bytes", "byte strings"}, {"variable_length_bytes", "byte strings"}, {"raw_bytes", "raw bytes"},
		{"numpy.datetime64", "dates"}, {"numpy.timedelta64", "time differences"}, {"struct", "structured types"},
		{"vlen-", "values of varying length"}, {"object", "objects"},
	} {
		if strings.HasPrefix(name, kind.prefix) {
			return kind.what
		}
	}
	if digits, ok := strings.CutPrefix(name, "r"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return "raw bits"
	}
	return ""
}

func parseGridV3(f fields) []int {
	raw, ok := f.raw["chunk_grid"]
	if !ok {
		f.fail("chunk_grid", `missing; it should be {"name": "regular", …}`)
		return nil
	}
	e := f.extension("chunk_grid", raw)
	if e.name != "regular" && *f.err == nil {
		f.fail("chunk_grid", "%q is not supported; supported is \"regular\"", e.name)
	}
	e.config.only("chunk_shape")
	return e.config.lengths("chunk_shape", 1)
}

func parseKeysV3(f fields) keyEncoding {
	raw, ok := f.raw["chunk_key_encoding"]
	if !ok {
		f.fail("chunk_key_encoding", `missing; it should be {"name": "default", …}`)
		return keyEncoding{}
	}
	e := f.extension("chunk_key_encoding", raw)
	keys := keyEncoding{prefix: "c", separator: "/"}
	switch e.name {
	case "default":
	case "v2":
		keys = keyEncoding{separator: "."}
	default:
		f.fail("chunk_key_encoding", "%q is not supported; supported are \"default\" and \"v2\"", e.name)
	}
	e.config.only("separator")
	if e.config.has("separator") {
		keys.separator = e.config.choice("separator", "/", ".")
	}
	return keys
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
