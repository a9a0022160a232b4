package view

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/nd"
)

// largestChunk is the largest decoded chunk that the viewer is given as it is stored, in bytes: it loads and keeps chunks
// whole, about a hundred at once.
const largestChunk = 16 << 20

// maxMetadata bounds a metadata file.
const maxMetadata = 64 << 20

// A document is what of an array's metadata file decides whether the viewer can read the array.
type document struct {
	version int // of zarr
	file    string
	V3      struct {
		Codecs []codecEntry    `json:"codecs"`
		Fill   json.RawMessage `json:"fill_value"`
		Grid   json.RawMessage `json:"chunk_grid"`
		Keys   json.RawMessage `json:"chunk_key_encoding"`
		Type   json.RawMessage `json:"data_type"`
		Stores []any           `json:"storage_transformers"`
		Names  []*string       `json:"dimension_names"`
	}
	V2 struct {
		Compressor *struct {
			ID      string   `json:"id"`
			CName   string   `json:"cname"`
			Level   *float64 `json:"level"`
			CLevel  *float64 `json:"clevel"`
			Shuffle *float64 `json:"shuffle"`
		} `json:"compressor"`
		Filters []any           `json:"filters"`
		Order   string          `json:"order"`
		Fill    json.RawMessage `json:"fill_value"`
	}
	attrs struct {
		Names []*string `json:"_ARRAY_DIMENSIONS"` // v2
		Units any       `json:"dimension_units"`
	}
}

type codecEntry struct {
	Name   string
	bare   bool // no more than a name, which the viewer does not take
	Config struct {
		CName  string       `json:"cname"`
		Level  *float64     `json:"level"`
		Codecs []codecEntry `json:"codecs"`
		Index  []codecEntry `json:"index_codecs"`
	}
}

// UnmarshalJSON takes an object, or the bare name of a codec without configuration.
func (c *codecEntry) UnmarshalJSON(raw []byte) error {
	if c.bare = json.Unmarshal(raw, &c.Name) == nil; c.bare {
		return nil
	}
	var full struct {
		Name   string          `json:"name"`
		Config json.RawMessage `json:"configuration"`
	}
	if err := json.Unmarshal(raw, &full); err != nil {
		return err
	}
	c.Name = full.Name
	if len(full.Config) == 0 {
		return nil
	}
	return json.Unmarshal(full.Config, &c.Config)
}

// readDocument reads the metadata of the array in a folder.
func readDocument(dir string) (*document, error) {
	d := new(document)
	for _, f := range []struct {
		version int
		name    string
		into    any
	}{{3, "zarr.json", &d.V3}, {2, ".zarray", &d.V2}} {
		raw, err := readSmall(filepath.Join(dir, f.name))
		if err != nil {
			continue
		}
		if err := json.Unmarshal(raw, f.into); err != nil {
			return nil, fmt.Errorf("%s is no strict JSON: %w", f.name, err)
		}
		d.version, d.file = f.version, f.name
		return d, d.readAttributes(dir, raw)
	}
	return nil, fs.ErrNotExist
}

// readAttributes reads the attributes that the viewer heeds; raw is the array's own metadata.
func (d *document) readAttributes(dir string, raw []byte) error {
	if d.version == 3 {
		var holder struct {
			Attributes json.RawMessage `json:"attributes"`
		}
		if err := json.Unmarshal(raw, &holder); err != nil || len(holder.Attributes) == 0 {
			return err
		}
		return json.Unmarshal(holder.Attributes, &d.attrs)
	}
	raw, err := readSmall(filepath.Join(dir, ".zattrs"))
	if err != nil {
		return nil //nolint:nilerr // there are none
	}
	return json.Unmarshal(raw, &d.attrs)
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxMetadata {
		return nil, fmt.Errorf("%s has %d bytes", path, info.Size())
	}
	return os.ReadFile(path)
}

// axisNames returns the names that the viewer gives the axes of an array read by itself.
func (d *document) axisNames(dims int) []string {
	given, prefix := d.V3.Names, "dim_"
	if d.version == 2 {
		given, prefix = d.attrs.Names, "d"
	}
	names := make([]string, dims)
	for i := range names {
		if len(given) == dims && given[i] != nil {
			names[i] = *given[i]
		} else {
			names[i] = fmt.Sprintf("%s%d", prefix, i)
		}
	}
	return names
}

// unreadable says why the viewer cannot read an array as it is stored, or should not; "" when it can.
func (d *document) unreadable(l Level, axes []axis) string {
	shape, t := l.Shape(), l.DType()
	for i, a := range axes {
		if strings.HasSuffix(a.name, "^") && l.Chunks[i] < shape[i] {
			return "its channels are in several chunks"
		}
	}
	switch bytes := int64(nd.Len(l.Chunks)) * int64(t.Size()); {
	case len(shape) == 0:
		return "it has no axes"
	case !shownAsIs(t):
		return t.String()
	case bytes > largestChunk:
		return fmt.Sprintf("chunks of %d MiB", bytes>>20)
	case !distinct(d.axisNames(len(shape))):
		return "several axes have one name"
	case d.attrs.Units != nil:
		return "the attribute dimension_units"
	case d.version == 2:
		return d.unreadableV2(t)
	}
	return d.unreadableV3(t)
}

// shownAsIs reports whether the viewer knows a type.
func shownAsIs(t nd.DType) bool {
	switch t {
	case nd.Uint8, nd.Int8, nd.Uint16, nd.Int16, nd.Uint32, nd.Int32, nd.Uint64, nd.Float32:
		return true
	}
	return false
}

func (d *document) unreadableV2(t nd.DType) string {
	switch c := d.V2.Compressor; {
	case len(d.V2.Filters) > 0:
		return "filters"
	case d.V2.Order == "F":
		return "order F"
	case c != nil && !slices.Contains([]string{"blosc", "gzip", "zlib", "zstd"}, c.ID):
		return "codec " + c.ID
	case c != nil && c.CName == "snappy":
		return "blosc with snappy"
	case c != nil && c.ID == "blosc" && (c.CName == "" || c.CLevel == nil || c.Shuffle == nil), c != nil && c.ID != "blosc" && c.Level == nil:
		return "a short configuration of " + c.ID
	}
	return oddFill(d.V2.Fill, t)
}

func (d *document) unreadableV3(t nd.DType) string {
	if len(d.V3.Stores) > 0 {
		return "storage transformers"
	}
	for _, raw := range []json.RawMessage{d.V3.Grid, d.V3.Keys} {
		if len(raw) == 0 || raw[0] != '{' {
			return "a short form of its metadata"
		}
	}
	if len(d.V3.Type) == 0 || d.V3.Type[0] != '"' {
		return "a long form of its type"
	}
	codecs := d.V3.Codecs
	if len(codecs) == 1 && codecs[0].Name == "sharding_indexed" && !codecs[0].bare {
		if why := unreadableCodecs(codecs[0].Config.Index); why != "" {
			return "shard index: " + why
		}
		codecs = codecs[0].Config.Codecs
	}
	if why := unreadableCodecs(codecs); why != "" {
		return why
	}
	return oddFill(d.V3.Fill, t)
}

// unreadableCodecs names the first codec of a list that the viewer does not know there.
func unreadableCodecs(codecs []codecEntry) string {
	for i, c := range codecs {
		known := i == 0 && c.Name == "bytes" || i > 0 && slices.Contains([]string{"gzip", "zstd", "blosc", "crc32c"}, c.Name)
		switch {
		case !known || c.Config.CName == "snappy":
			return "codec " + c.Name
		case c.bare, c.Name == "gzip" && c.Config.Level == nil:
			return "a short configuration of " + c.Name
		}
	}
	if len(codecs) == 0 {
		return "no codecs"
	}
	return ""
}

// oddFill says what of a fill value the viewer does not take, or not exactly.
func oddFill(raw json.RawMessage, t nd.DType) string {
	if string(raw) == "null" {
		return ""
	}
	var v float64
	switch err := json.Unmarshal(raw, &v); {
	case err != nil && t.IsFloat() && slices.Contains([]string{`"NaN"`, `"Infinity"`, `"-Infinity"`}, string(raw)):
		return ""
	case len(raw) == 0:
		return "no fill value"
	case err != nil, t.IsInteger() && (v != math.Trunc(v) || math.Abs(v) >= 1<<53):
		return "fill value " + string(raw)
	}
	return ""
}
