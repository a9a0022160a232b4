package interop

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

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
	s := sample{spec: zarr.Spec{Format: 2 + rng.IntN(2), DType: pick(rng, nd.DTypes())}, begin: []int{}, shape: []int{}}
	dims := pick(rng, []int{0, 1, 1, 2, 2, 3, 3, 3, 4})
	for range dims {
		n := 1 + rng.IntN(12)
		begin := rng.IntN(n)
		s.spec.Shape = append(s.spec.Shape, n)
		s.spec.Chunks = append(s.spec.Chunks, 1+rng.IntN(7))
		s.begin = append(s.begin, begin)
		s.shape = append(s.shape, 1+rng.IntN(n-begin))
	}
	s.spec.Fill = randomFill(rng, s.spec.Format, s.spec.DType)
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
	switch t := s.spec.DType; {
	case rng.IntN(3) > 0:
	case t == nd.Bool:
		s.filter("packbits")
	case t.IsInteger():
		s.filter(pick(rng, []string{"delta", "shuffle", "fletcher32"}))
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
		if rng.IntN(4) == 0 {
			s.spec.SubShards = [][]int{slices.Clone(s.spec.Shards)}
			for d := range s.spec.Shards {
				s.spec.Shards[d] *= 1 + rng.IntN(2)
			}
		}
	}
	if rng.IntN(3) == 0 {
		for d := range dims {
			s.spec.DimensionNames = append(s.spec.DimensionNames, pick(rng, []string{"", string(rune('p' + d))}))
		}
	}
	// zarr-python filters what is transposed in another order than it reads, and cannot read what it filtered and stored
	// big-endian.
	if s.spec.Order == nil && !s.spec.BigEndian && rng.IntN(3) == 0 {
		s.filterV3(rng)
	}
	s.compress(rng, []string{"", "zstd", "gzip", "blosc", "blosc", "numcodecs.lz4", "numcodecs.zlib", "numcodecs.bz2",
		"numcodecs.adler32", "numcodecs.fletcher32", "crc32c"})
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
		c, err := codec.NewBlosc(codec.BloscConfig{Compressor: pick(rng, []string{"lz4", "lz4hc", "zstd", "zlib"}),
			Level: 1 + rng.IntN(9), Shuffle: codec.Shuffle(rng.IntN(3)), TypeSize: s.spec.DType.Size()})
		if err != nil {
			panic(err)
		}
		s.spec.Codecs, s.names = append(s.spec.Codecs, c), append(s.names, name)
	case "zstd", "gzip", "zlib", "bz2", "numcodecs.zlib", "numcodecs.bz2":
		s.add(name, map[string]any{"level": 1 + rng.IntN(9)})
	default:
		s.add(name, nil)
	}
}

// filter adds a filter of v2.
func (s *sample) filter(name string) {
	config := fmt.Sprintf(`{"id": %q}`, name)
	switch name {
	case "delta":
		config = fmt.Sprintf(`{"id": "delta", "dtype": %q}`, typeV2(s.spec.DType, s.spec.BigEndian))
	case "shuffle":
		config = fmt.Sprintf(`{"id": "shuffle", "elementsize": %d}`, s.spec.DType.Size())
	}
	c, err := codec.ParseV2([]byte(config), codec.Type{DType: s.spec.DType, Swapped: s.spec.BigEndian})
	if err != nil {
		panic(err)
	}
	s.spec.Filters, s.names = append(s.spec.Filters, c), append([]string{name}, s.names...)
}

// filterV3 adds up to two filters of v3 that lose nothing, of which some make elements of another type.
func (s *sample) filterV3(rng *rand.Rand) {
	t := s.spec.DType
	if t == nd.Bool {
		s.arrayFilter("numcodecs.packbits", nil, t)
		return
	}
	if !t.IsInteger() {
		return
	}
	if t.Size() > 1 && t.Size() < 8 && rng.IntN(2) == 0 { // nor what it made wider than a byte
		s.arrayFilter("numcodecs.astype", map[string]any{"encode_dtype": "<i8", "decode_dtype": typeV2(t, false)}, t)
		t = nd.Int64
	}
	if rng.IntN(2) == 0 {
		s.arrayFilter("numcodecs.delta", map[string]any{"dtype": typeV2(t, false)}, t)
	}
}

func (s *sample) arrayFilter(name string, config map[string]any, t nd.DType) {
	c, err := codec.ParseV3(name, encode(config), t)
	if err != nil {
		panic(err)
	}
	s.spec.Filters, s.names = append(s.spec.Filters, c), append(s.names, name)
}

// add adds a codec with a configuration.
func (s *sample) add(name string, config map[string]any) {
	if config == nil {
		config = map[string]any{}
	}
	var c codec.Codec
	var err error
	if s.spec.Format == 2 {
		config["id"] = name
		c, err = codec.ParseV2(encode(config), codec.Type{DType: s.spec.DType, Swapped: s.spec.BigEndian})
	} else {
		c, err = codec.ParseV3(name, encode(config), s.spec.DType)
	}
	if err != nil {
		panic(err)
	}
	s.spec.Codecs, s.names = append(s.spec.Codecs, c), append(s.names, name)
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// typeV2 names a type as zarr v2 does.
func typeV2(t nd.DType, bigEndian bool) string {
	kind := "u"
	switch {
	case t == nd.Bool:
		kind = "b"
	case t.IsComplex():
		kind = "c"
	case t.IsFloat():
		kind = "f"
	case !t.IsUnsigned():
		kind = "i"
	}
	order := "<"
	if t.Size() == 1 {
		order = "|"
	} else if bigEndian {
		order = ">"
	}
	return fmt.Sprint(order, kind, t.Size())
}

// understands reports whether a library has all that the array is made of.
func (s sample) understands(library string) bool {
	if library == "zarr" {
		return true
	}
	return !slices.ContainsFunc(s.names, func(name string) bool {
		return slices.Contains([]string{"delta", "shuffle", "packbits", "fletcher32", "lz4"}, name) || strings.HasPrefix(name, "numcodecs.")
	})
}

func (s sample) String() string {
	return fmt.Sprintf("v%d %v, shape %v, chunks %v, shards %v %v (index at start: %v), codecs %v, order %v, big-endian %v, separator %q, v2 keys %v, fill %s, written %v+%v",
		s.spec.Format, s.spec.DType, s.spec.Shape, s.spec.Chunks, s.spec.Shards, s.spec.SubShards, s.spec.Index.AtStart, s.names, s.spec.Order, s.spec.BigEndian,
		s.spec.Separator, s.spec.V2Keys, s.spec.Fill.Text(s.spec.DType), s.begin, s.shape)
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// randomFill draws zero, any bits, or a number that JSON has no word for.
func randomFill(rng *rand.Rand, format int, t nd.DType) zarr.Fill {
	var f zarr.Fill
	bits := uint64(8 * t.Part().Size())
	for i := range t.Size() / t.Part().Size() {
		switch {
		case rng.IntN(3) == 0:
		case t == nd.Bool:
			f[i] = rng.Uint64N(2)
		case t.Part().IsFloat() && rng.IntN(2) == 0:
			f[i] = pick(rng, map[uint64][]uint64{
				16: {0x7e00, 0x7c00, 0xfc00, 0x8000, 0x3c00},
				32: {0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0x3fc00000},
				64: {0x7ff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 1 << 63, 0x3fb999999999999a},
			}[bits])
			if t.IsComplex() && f[i] == 1<<(bits-1) {
				f[i] = 0 // zarr-python takes 0 for equal to a complex -0 and does not store it
			}
		default:
			f[i] = rng.Uint64() >> (64 - bits)
		}
		// NaN payloads: v2 has no words for them, and zarr-python loses those of float16.
		if word, ok := nan(f[i], t.Part()); ok && (format == 2 || bits == 16) {
			f[i] = word
		}
	}
	return f
}

// nan reports whether the bits of a float are a NaN, and returns the NaN that the word stands for.
func nan(bits uint64, t nd.DType) (word uint64, ok bool) {
	switch t {
	case nd.Float16:
		return 0x7e00, bits&0x7c00 == 0x7c00 && bits&0x3ff != 0
	case nd.Float32:
		return 0x7fc00000, bits&0x7f800000 == 0x7f800000 && bits&0x7fffff != 0
	case nd.Float64:
		return 0x7ff8000000000000, bits&(0x7ff<<52) == 0x7ff<<52 && bits&(1<<52-1) != 0
	}
	return 0, false
}

// randomData draws noise, a constant, or steps.
func randomData(rng *rand.Rand, t nd.DType, fill zarr.Fill, shape []int) *nd.Array {
	a := nd.New(t, shape...)
	b := a.Bytes()
	switch rng.IntN(3) {
	case 0:
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	case 1:
		for i := range b {
			b[i] = byte(i / (5 * t.Size()) % 3)
		}
	case 2:
		one := element(fill, t)
		for i := range b {
			b[i] = one[i%t.Size()]
		}
	}
	if t == nd.Bool {
		for i := range b {
			b[i] &= 1
		}
	}
	return a
}

// element returns a fill value as the bytes of one element.
func element(f zarr.Fill, t nd.DType) []byte {
	size := t.Part().Size()
	var b []byte
	for _, bits := range f[:t.Size()/size] {
		for range size {
			b, bits = append(b, byte(bits)), bits>>8
		}
	}
	return b
}
