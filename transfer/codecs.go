package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"volara/nd"
	"volara/volume"
	"volara/zarr/codec"
)

// ParseCodecs reads codecs as a command line has them: "none", or names with their settings, joined by plus signs, as in
// zstd, zstd:5, gzip:6, blosc:zstd:5:bitshuffle, zstd+crc32c; or a JSON list of zarr v3's objects of "name" and
// "configuration". Names that are not zarr v3's own are numcodecs'.
func ParseCodecs(text string) (func(t nd.DType) ([]codec.Codec, error), error) {
	list, err := codecConfigs(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	build := func(t nd.DType) ([]codec.Codec, error) {
		codecs := []codec.Codec{}
		for _, c := range list {
			one, err := codec.ParseV3(c.Name, c.Configuration, t)
			if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
				return nil, fmt.Errorf("codec %q: %s cannot be a %s", c.Name, wrong.Field, wrong.Value)
			}
			if err == nil {
				err = codec.CheckNew(one)
			}
			if err != nil {
				return nil, err
			}
			codecs = append(codecs, one)
		}
		return codecs, nil
	}
	_, err = build(nd.Uint8)
	return build, err
}

type codecConfig struct {
	Name          string          `json:"name"`
	Configuration json.RawMessage `json:"configuration"`
}

func codecConfigs(text string) ([]codecConfig, error) {
	var list []codecConfig
	switch {
	case text == "none" || text == "raw":
		return nil, nil
	case strings.HasPrefix(text, "{"):
		text = "[" + text + "]"
	}
	if strings.HasPrefix(text, "[") {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.DisallowUnknownFields()
		if err := d.Decode(&list); err != nil {
			return nil, fmt.Errorf(`a JSON list of objects with "name" and "configuration" is meant: %w`, err)
		}
		return slices.DeleteFunc(list, func(c codecConfig) bool { return c.Name == "bytes" }), nil
	}
	for part := range strings.SplitSeq(text, "+") {
		c, err := namedCodec(strings.Split(part, ":"))
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// namedCodec makes the configuration of a codec from its name and its settings.
func namedCodec(parts []string) (codecConfig, error) {
	name, settings := parts[0], parts[1:]
	fields := map[string]any{}
	var keys []string // what the settings are, in order
	switch name {
	case "zstd":
		fields["level"], fields["checksum"] = 0, false
		keys = []string{"level"}
	case "gzip", "zlib", "bz2":
		fields["level"] = 5
		keys = []string{"level"}
	case "lz4":
		keys = []string{"acceleration"}
	case "blosc":
		fields["cname"], fields["clevel"], fields["shuffle"] = "lz4", 5, "shuffle"
		keys = []string{"cname", "clevel", "shuffle"}
	}
	if len(settings) > len(keys) {
		return codecConfig{}, volume.Refuse("codec %s: %q is more than its settings, which are %s; give it as JSON", name, strings.Join(settings, ":"), list(keys))
	}
	for i, text := range settings {
		if key := keys[i]; key == "cname" || key == "shuffle" {
			fields[key] = text
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return codecConfig{}, volume.Refuse("codec %s: %s %q is not a whole number", name, keys[i], text)
		}
		fields[keys[i]] = n
	}
	config, err := json.Marshal(fields)
	if len(fields) == 0 {
		config = nil
	}
	if !slices.Contains([]string{"zstd", "gzip", "blosc", "crc32c"}, name) {
		name = "numcodecs." + strings.TrimPrefix(name, "numcodecs.")
	}
	return codecConfig{name, config}, err
}

func list(keys []string) string {
	if len(keys) == 0 {
		return "none"
	}
	return strings.Join(keys, ":")
}
