package zarr

import (
	"fmt"
	"slices"
	"strings"

	"volara/nd"
	"volara/zarr/codec"
)

// A Spec says what array to create.
type Spec struct {
	// Format is 2 or 3; 0 means 3.
	Format int
	// Shape and Chunks are the shapes of the array and of its chunks.
	Shape, Chunks []int
	// Shards is the shape of the files, whole multiples of Chunks; nil stores each chunk in a file of its own. Only v3.
	Shards []int
	// DType is the type of the voxels.
	DType nd.DType
	// Fill is the value of voxels that are not written.
	Fill Fill
	// Codec is "zstd" (also ""), "blosc" (lz4 behind a byte shuffle), "gzip" or "raw".
	Codec string
	// Attributes are the user's attributes: anything that package json can encode.
	Attributes map[string]any
	// DimensionNames names the axes, "" for one without a name; nil leaves them all without. Only v3.
	DimensionNames []string
	// Encoding says how chunks become objects; the zero value is what most readers expect.
	Encoding
}

// Encoding is what of a Spec seldom matters: it changes how voxels are stored, not which.
type Encoding struct {
	// Codecs take the place of Codec unless they are nil: what is done to the bytes of a chunk, in the order of encoding. In
	// v2 the last one is the compressor and those before it are filters.
	Codecs []codec.Codec
	// Filters are applied to the voxels of a chunk before they become bytes: v2's filters, v3's codecs from array to array.
	Filters []codec.Codec
	// Order transposes chunks before the filters: axis k of what is stored is axis Order[k] of the array. v2 has only the
	// order of the axes and its reverse, order F.
	Order []int
	// BigEndian stores the most significant byte first.
	BigEndian bool
	// Separator between the numbers in the keys of chunks is "/" (also "") or ".".
	Separator string
	// V2Keys gives the chunks of a v3 array the keys that v2 has: without a leading "c".
	V2Keys bool
	// NoFill says null for a fill value, in v2: readers take what they like, this package 0.
	NoFill bool
	// SubShards are the shapes of shards inside the shards, from outside in, each a whole multiple of the next and the last
	// of Chunks.
	SubShards [][]int
	// Index says how the index of every shard is stored.
	Index ShardIndex
}

// ShardIndex says how the index of a shard is stored; the zero value is what most writers make: little-endian, with a
// checksum, after the chunks.
type ShardIndex struct {
	// AtStart puts the index before the chunks.
	AtStart bool
	// BigEndian stores the most significant byte first.
	BigEndian bool
	// Codecs take the place of the crc32c checksum unless they are nil. Their output must be of a fixed length.
	Codecs []codec.Codec
}

// Spec returns a Spec that makes an array like this one, as far as a Spec can say it: what is done to whole shards, around
// their chunks, it does to the chunks.
func (m *Metadata) Spec() Spec {
	s := Spec{
		Format: m.Format, Shape: slices.Clone(m.Shape), Chunks: slices.Clone(m.Chunks), DType: m.DType, Fill: m.Fill,
		DimensionNames: slices.Clone(m.DimensionNames),
	}
	if m.Attributes != nil {
		s.Attributes = map[string]any{}
		for name, raw := range m.Attributes {
			s.Attributes[name] = slices.Clone(raw)
		}
	}
	s.NoFill = m.NoFill
	s.Separator, s.V2Keys = m.keys.separator, m.Format == 3 && m.keys.prefix == ""
	m.layout.describe(&s)
	return s
}

// codecs returns the codecs that turn the bytes of a chunk into what is stored, in the order of encoding.
func (s Spec) codecs() ([]codec.Codec, error) {
	if s.Codecs != nil {
		return s.Codecs, nil
	}
	switch s.Codec {
	case "", "zstd":
		return []codec.Codec{codec.Zstd{Level: defaultZstdLevel}}, nil
	case "blosc":
		c, err := codec.NewBlosc(codec.BloscConfig{Compressor: "lz4", Level: 5, Shuffle: codec.ByteShuffle, TypeSize: s.DType.Size()})
		return []codec.Codec{c}, err
	case "gzip":
		return []codec.Codec{&codec.Gzip{Level: 5}}, nil
	case "raw":
		return nil, nil
	}
	return nil, fmt.Errorf("codec %q is not supported; supported are %s", s.Codec, strings.Join(specCodecs, ", "))
}

var specCodecs = []string{"zstd", "blosc", "gzip", "raw"}

// defaultZstdLevel is the reference default, as zarr-python has it; the fastest level is hardly faster and reads slower.
const defaultZstdLevel = 0

// check verifies what the metadata decoder could not tell apart.
func (s Spec) check() error {
	switch {
	case s.Format != 0 && s.Format != 2 && s.Format != 3:
		return fmt.Errorf("zarr format %d is not supported; 2 and 3 are", s.Format)
	case !slices.Contains(nd.DTypes(), s.DType):
		return fmt.Errorf("data type %v", s.DType)
	case len(s.Chunks) != len(s.Shape):
		return fmt.Errorf("chunks %v for the shape %v", s.Chunks, s.Shape)
	case slices.ContainsFunc(s.Chunks, func(n int) bool { return n < 1 }):
		return fmt.Errorf("chunks %v", s.Chunks)
	case slices.ContainsFunc(s.Shape, func(n int) bool { return n < 0 }):
		return fmt.Errorf("shape %v", s.Shape)
	case s.Separator != "" && s.Separator != "/" && s.Separator != ".":
		return fmt.Errorf("separator %q is not supported; \"/\" and \".\" are", s.Separator)
	case s.Shards == nil && s.SubShards != nil:
		return fmt.Errorf("shards inside shards %v without shards", s.SubShards)
	}
	if err := s.checkFormat(); err != nil {
		return err
	}
	return s.checkLevels()
}

// checkLevels refuses levels of compressors that other readers do not take.
func (s Spec) checkLevels() error {
	codecs, err := s.codecs()
	if err != nil {
		return err
	}
	for _, c := range slices.Concat(s.Filters, codecs, s.Index.Codecs) {
		if err := codec.CheckNew(c); err != nil {
			return err
		}
	}
	return nil
}

// checkFormat refuses what the format does not have.
func (s Spec) checkFormat() error {
	for _, c := range []struct {
		format int
		used   bool
		what   string
	}{
		{3, s.Shards != nil, "shards"},
		{3, s.DimensionNames != nil, "dimension names"},
		{3, s.V2Keys, "a choice of key encoding"},
		{2, s.NoFill, "an array without a fill value"},
	} {
		if c.used && (s.Format == 2) != (c.format == 2) {
			return fmt.Errorf("%s: only zarr format %d has that", c.what, c.format)
		}
	}
	return nil
}
