package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"volara/nd"
)

// A parser is a codec's name in metadata files and what makes it.
type parser struct {
	name  string
	parse parseFunc
}

// A parseFunc makes a codec from the fields of its configuration, which decode stores in a struct, refusing others, for
// elements of a type. The name in zarr v2's "id" is none of them.
type parseFunc func(decode func(any) error, t Type) (Codec, error)

// v3 lists the codecs of zarr.json that are zarr's own. Beside them, "numcodecs." and a name of the other list is the
// codec of that name, with the same configuration; what stands here goes before.
var v3 = []parser{
	{"blosc", parseBloscV3},
	{"crc32c", parseCRC32C},
	{"gzip", parseGzip(5)},
	{"zstd", parseZstd},
	{numcodecs + "shuffle", parseShuffle(Type.Size)},
}

// v2 lists the compressors and filters of .zarray: numcodecs' codecs.
var v2 = []parser{
	{"adler32", parseChecksum(adler32Kind())},
	{"astype", parseAsType},
	{"base64", parseBase64},
	{"bitround", parseBitRound},
	{"blosc", parseBloscV2},
	{"bz2", parseBZ2},
	{"crc32", parseChecksum(crc32Kind())},
	{"crc32c", parseChecksum(crc32cKind())},
	{"delta", parseDelta},
	{"fixedscaleoffset", parseScaleOffset},
	{"fletcher32", parseChecksum(fletcher32Kind())},
	{"gzip", parseGzip(1)},
	{"jenkins_lookup3", parseJenkins},
	{"lz4", parseLZ4},
	{"lzma", parseLZMA},
	{"packbits", parsePackBits},
	{"quantize", parseQuantize},
	{"shuffle", parseShuffle(func(Type) int { return 4 })},
	{"zlib", parseZlib},
	{"zstd", parseZstd},
}

const numcodecs = "numcodecs."

// ParseV3 returns the codec that an entry of zarr.json's "codecs" names, for elements of type t: what blosc, shuffles
// and filters fall back on. config may be nil.
func ParseV3(name string, config json.RawMessage, t nd.DType) (Codec, error) {
	parse := find(v3, name)
	if id, ok := strings.CutPrefix(name, numcodecs); ok && parse == nil {
		parse = find(v2, id)
	}
	if parse == nil {
		return nil, unknown(name, append(names(v3, ""), names(v2, numcodecs)...))
	}
	c, err := parse.codec(name, config, Type{DType: t})
	if err != nil {
		return nil, err
	}
	if f, ok := c.(interface{ native() }); ok {
		f.native()
	}
	return c, nil
}

// ParseV2 returns the codec that .zarray's "compressor" or an entry of its "filters" names, for elements of type t;
// config is that object, with the name as its "id".
func ParseV2(config json.RawMessage, t Type) (Codec, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil || fields == nil {
		return nil, errors.New("not an object")
	}
	var id string
	if err := json.Unmarshal(fields["id"], &id); err != nil {
		return nil, errors.New(`no "id" that is a string`)
	}
	delete(fields, "id")
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	parse := find(v2, id)
	if parse == nil {
		return nil, unknown(id, names(v2, ""))
	}
	return parse.codec(id, rest, t)
}

// find returns the list's parser of a name, or nil.
func find(list []parser, name string) parseFunc {
	if i := slices.IndexFunc(list, func(p parser) bool { return p.name == name }); i >= 0 {
		return list[i].parse
	}
	return nil
}

func names(list []parser, prefix string) []string {
	var s []string
	for _, p := range list {
		s = append(s, prefix+p.name)
	}
	return s
}

func unknown(name string, names []string) error {
	return fmt.Errorf("codec %q is %w; supported are %s", name, ErrUnknown, strings.Join(names, ", "))
}

// codec makes the codec of that name from its configuration.
func (parse parseFunc) codec(name string, config json.RawMessage, t Type) (Codec, error) {
	if t.Size() == 0 {
		return nil, fmt.Errorf("codec %q: elements of type %v", name, t.DType)
	}
	c, err := parse(func(v any) error {
		if len(config) == 0 || string(config) == "null" {
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}, t)
	if err != nil {
		return nil, fmt.Errorf("codec %q: %w", name, err)
	}
	return c, nil
}
