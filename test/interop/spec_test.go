package interop

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/codec"
)

// A sample is an array to be made, what is written into it, and who else should understand it.
type sample struct {
	spec         zarr.Spec
	begin, shape []int // of the box that is written
	data         *nd.Array
	names        []string // of the codecs, filters first
}

// newSample draws an array of a random product of what the formats offer.
func newSample(rng *rand.Rand) sample {
	s := sample{spec: zarr.Spec{Format: 2 + rng.IntN(2), DType: pick(rng, nd.DTypes())}}
	dims := rng.IntN(5)
	for range dims {
		n := 1 + rng.IntN(12)
		begin := rng.IntN(n)
		s.spec.Shape = append(s.spec.Shape, n)
		s.spec.Chunks = append(s.spec.Chunks, 1+rng.IntN(7))
		s.begin = append(s.begin, begin)
		s.shape = append(s.shape, 1+rng.IntN(n-begin))
	}
	s.spec.Fill = randomFill(rng, s.spec.DType)
	s.spec.BigEndian = rng.IntN(3) == 0 && s.spec.DType.Size() > 1
	s.spec.Separator = pick(rng, []string{"", "/", "."})
	if s.spec.Format == 2 {
		s.version2(rng, dims)
	} else {
		s.version3(rng, dims)
	}
	s.data = randomData(rng, s.spec.DType, s.spec.Fill, s.shape)
	return s
}

func (s *sample) version2(rng *rand.Rand, dims int) {
	if rng.IntN(3) == 0 {
		for d := range dims {
			s.spec.Order = append(s.spec.Order, dims-1-d)
		}
	}
	s.compress(rng, []string{"", "zstd", "gzip", "zlib", "blosc", "blosc", "lz4", "bz2"})
	if rng.IntN(4) == 0 && s.spec.DType.IsInteger() {
		s.filter(pick(rng, []string{"delta", "shuffle"}))
	}
}

func (s *sample) version3(rng *rand.Rand, dims int) {
	if rng.IntN(3) == 0 && dims > 0 {
		s.spec.Order = rng.Perm(dims)
	}
	if rng.IntN(4) == 0 {
		s.spec.V2Keys = true
	}
	if rng.IntN(2) == 0 && dims > 0 {
		for _, n := range s.spec.Chunks {
			s.spec.Shards = append(s.spec.Shards, n*(1+rng.IntN(3)))
		}
		s.spec.Index.AtStart = rng.IntN(2) == 0
	}
	if rng.IntN(3) == 0 {
		for d := range dims {
			s.spec.DimensionNames = append(s.spec.DimensionNames, pick(rng, []string{"", string(rune('p' + d))}))
		}
	}
	s.compress(rng, []string{"", "zstd", "gzip", "blosc", "blosc", "numcodecs.lz4", "numcodecs.zlib", "crc32c"})
	if n := len(s.names); n > 0 && s.names[n-1] != "crc32c" && rng.IntN(3) == 0 {
		s.add("crc32c", nil)
	}
}

// compress adds a compressor.
func (s *sample) compress(rng *rand.Rand, among []string) {
	s.spec.Codecs = []codec.Codec{}
	name := pick(rng, among)
	switch name {
	case "":
	case "blosc":
		c, err := codec.NewBlosc(codec.BloscConfig{Compressor: pick(rng, []string{"lz4", "lz4hc", "zstd", "zlib", "blosclz"}),
			Level: 1 + rng.IntN(9), Shuffle: codec.Shuffle(rng.IntN(3)), TypeSize: s.spec.DType.Size()})
		if err != nil {
			panic(err)
		}
		s.spec.Codecs, s.names = append(s.spec.Codecs, c), append(s.names, name)
	case "zstd", "gzip", "zlib", "bz2", "numcodecs.zlib":
		s.add(name, map[string]any{"level": 1 + rng.IntN(9)})
	default:
		s.add(name, nil)
	}
}

// filter adds a filter of v2.
func (s *sample) filter(name string) {
	config := fmt.Sprintf(`{"id": %q, "dtype": %q}`, name, typeV2(s.spec.DType, s.spec.BigEndian))
	if name == "shuffle" {
		config = fmt.Sprintf(`{"id": "shuffle", "elementsize": %d}`, s.spec.DType.Size())
	}
	c, err := codec.ParseV2([]byte(config), s.spec.DType.Size())
	if err != nil {
		panic(err)
	}
	s.spec.Filters, s.names = append(s.spec.Filters, c), append([]string{name}, s.names...)
}
