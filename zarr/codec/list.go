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
	list := v3
	for _, p := range v2 {
		list = append(list[:len(list):len(list)], parser{numcodecs + p.name, p.parse})
	}
	c, err := find(list, name, config, Type{DType: t})
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
	return find(v2, id, rest, t)
}

func names(list []parser) []string {
	var s []string
	for _, p := range list {
		s = append(s, p.name)
	}
	return s
}

func find(list []parser, name string, config json.RawMessage, t Type) (Codec, error) {
	i := slices.IndexFunc(list, func(p parser) bool { return p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("codec %q is %w; supported are %s", name, ErrUnknown, strings.Join(names(list), ", "))
	}
	if t.Size() == 0 {
		return nil, fmt.Errorf("codec %q: elements of type %v", name, t.DType)
	}
	decode := func(v any) error {
		if len(config) == 0 || string(config) == "null" {
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
	c, err := list[i].parse(decode, t)
	if err != nil {
		return nil, fmt.Errorf("codec %q: %w", name, err)
	}
	return c, nil
}

// parseGzip takes another level for a missing one in zarr's own codec than in numcodecs'.
func parseGzip(missing int) parseFunc {
	return func(decode func(any) error, _ Type) (Codec, error) {
		level, err := parseLevel(decode, missing, -1, 9)
		return &Gzip{Level: level}, err
	}
}

func parseZlib(decode func(any) error, _ Type) (Codec, error) {
	level, err := parseLevel(decode, 1, -1, 9)
	return &Zlib{Level: level}, err
}

// parseLevel reads a configuration of nothing but a level.
func parseLevel(decode func(any) error, missing, lowest, highest int) (int, error) {
	c := levelConfig{Level: missing}
	if err := decode(&c); err != nil {
		return 0, err
	}
	if c.Level < lowest || c.Level > highest {
		return 0, fmt.Errorf("level %d is not in %d..%d", c.Level, lowest, highest)
	}
	return c.Level, nil
}

func parseLZ4(decode func(any) error, _ Type) (Codec, error) {
	c := lz4Config{Acceleration: 1}
	err := decode(&c)
	return &LZ4{Acceleration: c.Acceleration}, err
}

// parseBloscV3 takes missing fields as zarr-python does, and the array's element size for a missing typesize.
func parseBloscV3(decode func(any) error, t Type) (Codec, error) {
	c := bloscV3{Compressor: "zstd", Level: 5, TypeSize: t.Size()}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.Shuffle == "" {
		c.Shuffle = shuffleNames[ByteShuffle]
		if t.Size() == 1 {
			c.Shuffle = shuffleNames[BitShuffle]
		}
	}
	if c.TypeSize == 0 {
		c.TypeSize = t.Size()
	}
	filter := slices.Index(shuffleNames, c.Shuffle)
	if filter < 0 {
		return nil, fmt.Errorf("shuffle %q: supported are %s", c.Shuffle, strings.Join(shuffleNames, ", "))
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, Shuffle(filter), c.TypeSize, c.BlockSize})
}

func parseBloscV2(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		Compressor string  `json:"cname"`
		Level      int     `json:"clevel"`
		Shuffle    Shuffle `json:"shuffle"`
		BlockSize  int     `json:"blocksize"`
		TypeSize   *int    `json:"typesize"`
	}{Compressor: "lz4", Level: 5, Shuffle: ByteShuffle}
	if err := decode(&c); err != nil {
		return nil, err
	}
	size := t.Size()
	if c.TypeSize != nil {
		size = *c.TypeSize
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, c.Shuffle, size, c.BlockSize})
}
