package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A parser makes a codec from the fields of its configuration, decoding them with decode.
type parser struct {
	name  string
	parse func(decode func(any) error, itemSize int) (Codec, error)
}

// v3 lists the bytes→bytes codecs of zarr.json.
var v3 = []parser{
	{"blosc", parseBloscV3},
	{"crc32c", func(func(any) error, int) (Codec, error) { return CRC32C{}, nil }},
	{"gzip", parseGzip},
	{"zstd", parseZstd},
	{"numcodecs.lz4", parseLZ4},
	{"numcodecs.zlib", parseZlib},
}

// v2 lists the compressors of .zarray.
var v2 = []parser{
	{"blosc", parseBloscV2},
	{"crc32c", parseCRC32CV2},
	{"gzip", parseGzip},
	{"lz4", parseLZ4},
	{"zlib", parseZlib},
	{"zstd", parseZstd},
}

// ParseV3 returns the codec that an entry of zarr.json's "codecs" names; itemSize is the size of the array's elements,
// which blosc falls back on. config may be nil.
func ParseV3(name string, config json.RawMessage, itemSize int) (Codec, error) {
	return find(v3, name, config, itemSize)
}

// ParseV2 returns the codec that .zarray's "compressor" names; config is that object, with the name as its "id".
func ParseV2(config json.RawMessage, itemSize int) (Codec, error) {
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
	return find(v2, id, rest, itemSize)
}

func names(list []parser) []string {
	var s []string
	for _, p := range list {
		s = append(s, p.name)
	}
	return s
}

func find(list []parser, name string, config json.RawMessage, itemSize int) (Codec, error) {
	i := slices.IndexFunc(list, func(p parser) bool { return p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("codec %q is not supported; supported are %s", name, strings.Join(names(list), ", "))
	}
	decode := func(v any) error {
		if len(config) == 0 || string(config) == "null" {
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
	c, err := list[i].parse(decode, itemSize)
	if err != nil {
		return nil, fmt.Errorf("codec %q: %w", name, err)
	}
	return c, nil
}

func parseZstd(decode func(any) error, _ int) (Codec, error) {
	var c zstdConfig
	if err := decode(&c); err != nil {
		return nil, err
	}
	return &Zstd{Level: c.Level, Checksum: c.Checksum}, nil
}

// parseCRC32CV2 knows numcodecs' checksum where v3 has it too, at the end.
func parseCRC32CV2(decode func(any) error, _ int) (Codec, error) {
	var c struct {
		Location string `json:"location"`
	}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.Location != "" && c.Location != "end" {
		return nil, fmt.Errorf("location %q: supported is \"end\"", c.Location)
	}
	return CRC32C{}, nil
}

func parseGzip(decode func(any) error, _ int) (Codec, error) {
	level, err := parseLevel(decode, -1, 9)
	return &Gzip{Level: level}, err
}

func parseZlib(decode func(any) error, _ int) (Codec, error) {
	level, err := parseLevel(decode, -1, 9)
	return &Zlib{Level: level}, err
}

func parseLevel(decode func(any) error, lowest, highest int) (int, error) {
	c := levelConfig{Level: 1}
	if err := decode(&c); err != nil {
		return 0, err
	}
	if c.Level < lowest || c.Level > highest {
		return 0, fmt.Errorf("level %d is not in %d..%d", c.Level, lowest, highest)
	}
	return c.Level, nil
}

func parseLZ4(decode func(any) error, _ int) (Codec, error) {
	c := lz4Config{Acceleration: 1}
	err := decode(&c)
	return &LZ4{Acceleration: c.Acceleration}, err
}

// parseBloscV3 takes missing fields as zarr-python does, and the array's element size for a missing typesize.
func parseBloscV3(decode func(any) error, itemSize int) (Codec, error) {
	c := bloscV3{Compressor: "zstd", Level: 5, TypeSize: itemSize}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.Shuffle == "" {
		c.Shuffle = "noshuffle"
	}
	if c.TypeSize == 0 {
		c.TypeSize = itemSize
	}
	filter := slices.Index(shuffleNames, c.Shuffle)
	if filter < 0 {
		return nil, fmt.Errorf("shuffle %q: supported are %s", c.Shuffle, strings.Join(shuffleNames, ", "))
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, Shuffle(filter), c.TypeSize, c.BlockSize})
}

func parseBloscV2(decode func(any) error, itemSize int) (Codec, error) {
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
	if c.TypeSize != nil {
		itemSize = *c.TypeSize
	}
	return NewBlosc(BloscConfig{c.Compressor, c.Level, c.Shuffle, itemSize, c.BlockSize})
}
