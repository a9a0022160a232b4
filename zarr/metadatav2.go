package zarr

import (
	"encoding/json"
	"fmt"
	"strings"

	"volara/nd"
	"volara/zarr/codec"
)

// parseV2 reads a .zarray, and the .zattrs beside it unless that is nil.
// Format: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html
func parseV2(file string, data []byte, attrsFile string, attrs []byte) (*Metadata, error) {
	f, err := parseFields(file, data)
	if err != nil {
		return nil, err
	}
	m := &Metadata{Format: 2}
	if format := f.integer("zarr_format"); format != 2 {
		f.fail("zarr_format", "%d is not supported in a .zarray; supported is 2", format)
	}
	m.Shape = f.lengths("shape", 0)
	m.Chunks = f.lengths("chunks", 0)
	t, endian := parseTypeV2(f)
	m.DType = t
	checkShapes(f, m.Shape, m.Chunks, "chunks", t)
	for d, n := range m.Chunks {
		// Writers give an axis of length 0 chunks of length 0.
		if n == 0 && *f.err == nil {
			if m.Shape[d] != 0 {
				f.fail("chunks", "0 is below 1")
			}
			m.Chunks[d] = 1
		}
	}
	checkPiece(f, m.Chunks, "chunks", t)
	m.Fill = f.fill(t, func(raw json.RawMessage, t nd.DType) (Fill, error) { return parseFillV2(raw, t, byteOrders[endian]) })
	m.NoFill = !f.has("fill_value")
	m.keys.separator = "."
	if f.has("dimension_separator") {
		m.keys.separator = f.choice("dimension_separator", ".", "/")
	}
	m.layout = &layout{dtype: t, shape: m.Chunks, fill: m.Fill, swap: endian != nativeEndian}
	if f.choice("order", "C", "F") == "F" {
		m.layout.transpose(reversed(len(m.Shape)))
	}
	if *f.err == nil {
		m.layout.codecs = parseCodecsV2(f, codec.Type{DType: t, Swapped: m.layout.swap})
	}
	if *f.err == nil {
		checkCodecsV2(f, m.layout)
	}
	if *f.err != nil {
		return nil, *f.err
	}
	m.Codecs = m.layout.names()
	if m.codecs = []json.RawMessage{}; f.has("filters") {
		m.codecs = f.list("filters")
	}
	if f.has("compressor") {
		m.codecs = append(m.codecs, f.raw["compressor"])
	}
	m.Inner = m.Chunks
	if attrs == nil {
		return m, nil
	}
	a, err := parseFields(attrsFile, attrs)
	m.Attributes = a.raw
	return m, err
}

// parseCodecsV2 reads the filters, in their order, and then the compressor.
func parseCodecsV2(f fields, t codec.Type) codec.Chain {
	var chain codec.Chain
	if f.has("filters") {
		for i, raw := range f.list("filters") {
			c, err := codec.ParseV2(raw, t)
			if err != nil {
				f.fail(fmt.Sprintf("filters[%d]", i), "%w", err)
				return nil
			}
			chain, t = append(chain, c), codec.Next(c, t)
		}
	}
	raw, ok := f.raw["compressor"]
	if !ok {
		f.fail("compressor", `missing; it should be null or an object with an "id"`)
	}
	if !f.has("compressor") {
		return chain
	}
	c, err := codec.ParseV2(raw, t)
	if err != nil {
		f.fail("compressor", "%w", err)
	}
	return append(chain, c)
}

// checkCodecsV2 verifies that what lies between the codecs is not too large.
func checkCodecsV2(f fields, l *layout) {
	for i := range l.codecs {
		field := fmt.Sprintf("filters[%d]", i)
		if f.has("compressor") && i == len(l.codecs)-1 {
			field = "compressor"
		}
		if n := l.codecs[:i+1].MaxEncodedLen(l.size()); n > 2*maxChunkBytes {
			f.fail(field, "it may make %d bytes of a chunk; at most %d are supported", n, maxChunkBytes)
		}
	}
}

// kindsV2 names the kinds of types that are not supported.
var kindsV2 = map[byte]string{
	'S': "byte strings", 'U': "strings", 'O': "objects", 'V': "raw bytes",
	'M': "dates", 'm': "time differences",
}

// parseTypeV2 reads a numpy type string such as "<u8".
func parseTypeV2(f fields) (t nd.DType, endian string) {
	raw := f.raw["dtype"]
	if strings.HasPrefix(string(raw), "[") {
		f.fail("dtype", "structured types are not supported; %s", supportedV2)
		return
	}
	s := f.text("dtype")
	if *f.err != nil {
		return
	}
	if len(s) > 1 {
		if kind, ok := kindsV2[s[1]]; ok && strings.Contains("<>|", s[:1]) {
			f.fail("dtype", "%q: %s are not supported; %s", s, kind, supportedV2)
			return
		}
		if t, ok := nd.ParseCode(s[1:]); ok && (strings.Contains("<>", s[:1]) || s[0] == '|' && t.Size() == 1) {
			switch {
			case t.Size() == 1:
				return t, nativeEndian
			case s[0] == '>':
				return t, "big"
			}
			return t, "little"
		}
	}
	f.fail("dtype", "%q is not supported; %s", s, supportedV2)
	return
}

const supportedV2 = `supported are "<" (little-endian) or ">" (big-endian), for one byte also "|", followed by ` +
	`b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4, f8, c8 or c16`
