package codec_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
	"volara/zarr/codec/codectest"
)

// codecs lists one codec of every kind, and the variants that take different paths.
func codecs(t testing.TB) map[string]func() codec.Codec {
	list := map[string]func() codec.Codec{
		"zstd":     func() codec.Codec { return codec.Zstd{Level: 1} },
		"zstd-crc": func() codec.Codec { return codec.Zstd{Checksum: true} },
		"gzip":     func() codec.Codec { return &codec.Gzip{Level: 5} },
		"gzip-0":   func() codec.Codec { return &codec.Gzip{} },
		"zlib":     func() codec.Codec { return &codec.Zlib{Level: 1} },
		"lz4":      func() codec.Codec { return &codec.LZ4{} },
		"bz2":      func() codec.Codec { return codec.BZ2{Level: 1} },
		"lzma":     parsed(t, `{"id": "lzma"}`),
		"lzma-2":   parsed(t, `{"id": "lzma", "format": 2}`),
		"base64":   parsed(t, `{"id": "base64"}`),
		"packbits": func() codec.Codec { return codec.PackBits{} },
		"crc32c":   func() codec.Codec { return codec.CRC32C() },
		"crc32":    parsed(t, `{"id": "crc32"}`),
		"crc32end": parsed(t, `{"id": "crc32", "location": "end"}`),
		"adler32":  parsed(t, `{"id": "adler32"}`),
		"fletcher": parsed(t, `{"id": "fletcher32"}`),
		"jenkins":  parsed(t, `{"id": "jenkins_lookup3", "initval": 7}`),
		"shuffle1": parsed(t, `{"id": "shuffle", "elementsize": 1}`),
	}
	for _, types := range [][2]string{{"|u1", "|u1"}, {"<i2", "<i2"}, {">i4", "<i8"}, {"<u8", ">u8"}, {"|b1", "|b1"}} {
		list["delta-"+types[0]+types[1]] = parsed(t, `{"id": "delta", "dtype": "`+types[0]+`", "astype": "`+types[1]+`"}`)
	}
	blosc := func(c codec.BloscConfig) {
		name := fmt.Sprintf("blosc-%s-%d-%d-%d-%d", c.Compressor, c.Level, c.Shuffle, c.TypeSize, c.BlockSize)
		list[name] = func() codec.Codec {
			b, err := codec.NewBlosc(c)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	for _, s := range []codec.Shuffle{codec.AutoShuffle, codec.NoShuffle, codec.ByteShuffle, codec.BitShuffle} {
		for _, size := range []int{1, 2, 4, 8} {
			blosc(codec.BloscConfig{Compressor: "lz4", Level: 5, Shuffle: s, TypeSize: size})
		}
	}
	for _, name := range []string{"lz4hc", "zstd", "zlib", "blosclz", "snappy"} {
		blosc(codec.BloscConfig{Compressor: name, Level: 3, Shuffle: codec.ByteShuffle, TypeSize: 8})
	}
	for _, size := range []int{16, 17, 255} {
		blosc(codec.BloscConfig{Compressor: "zlib", Level: 1, Shuffle: codec.ByteShuffle, TypeSize: size})
	}
	blosc(codec.BloscConfig{Compressor: "lz4", Level: 5, Shuffle: codec.BitShuffle, TypeSize: 200, BlockSize: 128})
	blosc(codec.BloscConfig{Compressor: "lz4", Level: 0, Shuffle: codec.ByteShuffle, TypeSize: 4})
	blosc(codec.BloscConfig{Compressor: "lz4", Level: 9, Shuffle: codec.BitShuffle, TypeSize: 3, BlockSize: 1000})
	return list
}

// parsed makes codecs from a configuration of zarr v2.
func parsed(t testing.TB, config string) func() codec.Codec {
	return func() codec.Codec {
		c, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Int32})
		if err != nil {
			t.Fatalf("%s: %v", config, err)
		}
		return c
	}
}

func TestConformance(t *testing.T) {
	for name, c := range codecs(t) {
		t.Run(name, func(t *testing.T) {
			codectest.Run(t, c)
		})
	}
}

// TestLossyConformance puts filters through the suite that lose something or take some elements alone.
func TestLossyConformance(t *testing.T) {
	for config, s := range map[string]codectest.Suite{
		`{"id": "shuffle", "elementsize": 2}`:                                                     {ElementSize: 2},
		`{"id": "shuffle", "elementsize": 16}`:                                                    {ElementSize: 16},
		`{"id": "shuffle", "elementsize": 24}`:                                                    {ElementSize: 24},
		`{"id": "astype", "encode_dtype": "<i8", "decode_dtype": ">u2"}`:                          {},
		`{"id": "astype", "encode_dtype": "<i2", "decode_dtype": "<i4"}`:                          {Want: mapped(func(v int32) int32 { return int32(int16(v)) })},
		`{"id": "astype", "encode_dtype": "|i1", "decode_dtype": "<f4"}`:                          {Input: smallFloats, Want: mapped(func(v float32) float32 { return float32(int8(v)) })},
		`{"id": "bitround", "keepbits": 23}`:                                                      {},
		`{"id": "bitround", "keepbits": 2}`:                                                       {Input: smallFloats, Want: mapped(toEighths)},
		`{"id": "fixedscaleoffset", "dtype": "|u1", "astype": ">u2", "offset": 3, "scale": 1}`:    {},
		`{"id": "fixedscaleoffset", "dtype": "<i2", "astype": "<i2", "offset": 0, "scale": 0.25}`: {Want: mapped(func(v int16) int16 { return int16(4 * math.RoundToEven(float64(v)/4)) })},
		`{"id": "quantize", "dtype": "<f4", "astype": "<f8", "digits": 0}`:                        {Input: smallFloats, Want: mapped(func(v float32) float32 { return float32(math.RoundToEven(float64(v))) })},
	} {
		t.Run(config, func(t *testing.T) {
			s.New = func() codec.Codec {
				c, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Float32})
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			s.Run(t)
		})
	}
}

// smallFloats makes float32 of eighths, from -16 to 16, of every four bytes.
func smallFloats(data []byte) {
	for i := 0; i+4 <= len(data); i += 4 {
		binary.LittleEndian.PutUint32(data[i:], math.Float32bits(float32(int8(data[i]))/8))
	}
}

// toEighths rounds to the nearest of the numbers with two bits behind the first, the even one of two.
func toEighths(v float32) float32 {
	fraction, exponent := math.Frexp(float64(v))
	return float32(math.Copysign(math.Ldexp(math.RoundToEven(fraction*8)/8, exponent), float64(v)))
}

// mapped returns what applies f to every element.
func mapped[T any](f func(T) T) func([]byte) []byte {
	return func(data []byte) []byte {
		var zero T
		values := make([]T, len(data)/binary.Size(zero))
		if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
			panic(err)
		}
		for i, v := range values {
			values[i] = f(v)
		}
		return littleEndian(values)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"pcodec", `{}`, "blosc, crc32c"},
		{"zstd", `{"level": "high"}`, "level"},
		{"zstd", `{"speed": 1}`, "speed"},
		{"gzip", `{"level": 10}`, "-1..9"},
		{"blosc", `{"cname": "snap", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}`, "lz4hc"},
		{"blosc", `{"cname": "lz4", "clevel": 11, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}`, "0..9"},
		{"blosc", `{"cname": "lz4", "clevel": 5, "shuffle": "delta", "typesize": 4, "blocksize": 0}`, "bitshuffle"},
		{"blosc", `{"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 256, "blocksize": 0}`, "1..255"},
		{"blosc", `{"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": -1}`, "blocksize"},
		{"blosc", `[]`, "blosc"},
		{"numcodecs.lzma", `{"id": "lzma"}`, "id"},
		{"numcodecs.jenkins_lookup3", `{"id": "jenkins_lookup3"}`, "id"},
		{"numcodecs.delta", `{"id": "delta", "dtype": "<i4"}`, "id"},
		{"numcodecs.crc32c", `{"id": "crc32c"}`, "id"},
		{"numcodecs.shuffle", `{"id": "shuffle"}`, "id"},
		{"crc32c", `{"location": "start"}`, "location"},
		{"crc32c", `[]`, "crc32c"},
		{"numcodecs.packbits", `{}`, "int32"},
	} {
		_, err := codec.ParseV3(c.name, json.RawMessage(c.config), nd.Int32)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s %s: %v, want %q", c.name, c.config, err, c.want)
		}
	}
	for _, config := range []string{`null`, `[]`, `{}`, `{"id": 3}`, `{"id": "zfpy"}`, `{"id": "zstd", "x": 1}`} {
		if _, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Int32}); err == nil {
			t.Errorf("ParseV2(%s) succeeded", config)
		}
	}
}

// TestMissingFields: what a configuration leaves out is what zarr-python and numcodecs take for it.
func TestMissingFields(t *testing.T) {
	for _, c := range []struct {
		name, config string
		dtype        nd.DType
		want         string
	}{
		{"gzip", `{}`, nd.Uint8, `{"level":5}`},
		{"numcodecs.gzip", `{}`, nd.Uint8, `{"level":1}`},
		{"numcodecs.zlib", ``, nd.Uint8, `{"level":1}`},
		{"numcodecs.bz2", `null`, nd.Uint8, `{"level":1}`},
		{"zstd", ``, nd.Uint8, `{"level":0,"checksum":false}`},
		{"numcodecs.shuffle", ``, nd.Uint16, `{"elementsize":2}`},
		{"blosc", ``, nd.Uint8, `{"cname":"zstd","clevel":5,"shuffle":"bitshuffle","typesize":1,"blocksize":0}`},
		{"blosc", `{"cname": "lz4"}`, nd.Float64, `{"cname":"lz4","clevel":5,"shuffle":"shuffle","typesize":8,"blocksize":0}`},
		{"blosc", `{"typesize": 4}`, nd.Uint8, `{"cname":"zstd","clevel":5,"shuffle":"bitshuffle","typesize":4,"blocksize":0}`},
		{"blosc", `{"typesize": 1}`, nd.Uint16, `{"cname":"zstd","clevel":5,"shuffle":"shuffle","typesize":1,"blocksize":0}`},
		{"blosc", `{"shuffle": "noshuffle"}`, nd.Uint16, `{"cname":"zstd","clevel":5,"shuffle":"noshuffle","typesize":2,"blocksize":0}`},
	} {
		one, err := codec.ParseV3(c.name, json.RawMessage(c.config), c.dtype)
		if err != nil {
			t.Errorf("%s %s: %v", c.name, c.config, err)
			continue
		}
		if got, err := json.Marshal(one.Spec().V3Config); err != nil || string(got) != c.want {
			t.Errorf("%s %s of %v: %s, want %s", c.name, c.config, c.dtype, got, c.want)
		}
	}
}

// TestSpecs parses what codecs say of themselves and gets the same codec.
func TestSpecs(t *testing.T) {
	for name, c := range codecs(t) {
		spec, in := c().Spec(), codec.Type{DType: nd.Int32}
		if f, ok := c().(codec.Filter); ok {
			in, _ = f.Types()
		}
		config, _ := json.Marshal(spec.V3Config)
		again, err := codec.ParseV3(spec.V3Name, config, in.DType)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := fmt.Sprint(again.Spec().V3Config); got != fmt.Sprint(spec.V3Config) {
			t.Errorf("%s: %v became %v", name, spec.V3Config, got)
		}
		compressor, _ := json.Marshal(spec.V2)
		if again, err = codec.ParseV2(compressor, in); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got, _ := json.Marshal(again.Spec().V2); string(got) != string(compressor) {
			t.Errorf("%s: %s became %s", name, compressor, got)
		}
	}
}

// TestChecked: codecs with a checksum.
func TestChecked(t *testing.T) {
	for _, config := range []string{`{"id": "zstd", "checksum": true}`, `{"id": "gzip", "level": 5}`, `{"id": "zlib", "level": 5}`,
		`{"id": "bz2"}`, `{"id": "crc32c"}`, `{"id": "crc32c", "location": "start"}`, `{"id": "crc32"}`, `{"id": "adler32"}`,
		`{"id": "fletcher32"}`, `{"id": "lzma"}`, `{"id": "lzma", "check": 10}`,
		`{"id": "jenkins_lookup3"}`} {
		t.Run(config, func(t *testing.T) { codectest.Checked(t, parsed(t, config)) })
	}
}

// FuzzDecode decodes whatever comes with every codec that numcodecs encoded a chunk with.
func FuzzDecode(f *testing.F) {
	var list []codec.Codec
	for _, ch := range chunks(f) {
		c, err := codec.ParseV2(ch.Config, typeOf(f, ch.DType))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ch.Encoded, len(ch.Array), len(list))
		list = append(list, c)
	}
	f.Fuzz(func(t *testing.T, encoded []byte, limit, which int) {
		limit = min(max(limit, 0), 1<<20)
		c := list[max(which, 0)%len(list)]
		got, err := c.Decode(nil, encoded, limit)
		if err == nil && len(got) > limit {
			t.Fatalf("%d bytes with a limit of %d", len(got), limit)
		}
		if again, err2 := c.Decode(make([]byte, 0, limit), encoded, limit); (err == nil) != (err2 == nil) || err == nil && string(again) != string(got) {
			t.Fatalf("decoded to other memory: %v, and not %v", err2, err)
		}
	})
}

// FuzzRoundTrip encodes whatever comes.
func FuzzRoundTrip(f *testing.F) {
	all := codecs(f)
	names := slices.Sorted(maps.Keys(all))
	for i := range names {
		f.Add([]byte("dendrite dendrite axon"), i)
	}
	f.Fuzz(func(t *testing.T, data []byte, which int) {
		name := names[max(which, 0)%len(names)]
		c := all[name]()
		if filter, ok := c.(codec.Filter); ok {
			in, _ := filter.Types()
			data = data[:len(data)/in.Size()*in.Size()]
			if in.DType == nd.Bool {
				t.Skip()
			}
		}
		encoded, err := c.Encode(nil, data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := c.Decode(nil, encoded, len(data)); err != nil || string(got) != string(data) {
			t.Fatalf("%s: %v", name, err)
		}
	})
}

// TestBloscBlocks: c-blosc refuses frames whose blocks are longer than what they hold, or than it has memory for.
func TestBloscBlocks(t *testing.T) {
	for _, size := range []int{1, 3, 4, 16, 17, 200, 255} {
		for _, block := range []int{0, 1, 128, 1000, 1 << 20, 1<<31 - 17} {
			for _, n := range []int{1, 7, size, size + 1, 1000, 5 * size, 40000} {
				c, err := codec.NewBlosc(codec.BloscConfig{Compressor: "lz4", Level: n % 3, Shuffle: codec.ByteShuffle, TypeSize: size, BlockSize: block})
				if err != nil {
					t.Fatal(err)
				}
				data := bytes.Repeat([]byte{1, 2, 3, 4, byte(n)}, n)[:n]
				frame, err := c.Encode(nil, data)
				if err != nil {
					t.Fatal(err)
				}
				if got := int(binary.LittleEndian.Uint32(frame[8:])); got < 1 || got > n {
					t.Errorf("%d bytes of elements of %d, blocks of %d: in blocks of %d", n, size, block, got)
				}
				if got, err := c.Decode(nil, frame, n); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes of elements of %d, blocks of %d: %v", n, size, block, err)
				}
			}
		}
	}
}

// FuzzBloscFrame decodes frames whose header is well formed, which plain fuzzing seldom finds.
func FuzzBloscFrame(f *testing.F) {
	c, err := codec.NewBlosc(codec.BloscConfig{Compressor: "lz4", Level: 5, Shuffle: codec.BitShuffle, TypeSize: 4})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(0x21), byte(4), uint16(64), uint16(32), []byte{24, 0, 0, 0, 28, 0, 0, 0, 1, 0, 0, 0, 7})
	f.Fuzz(func(t *testing.T, flags, typeSize byte, size, block uint16, body []byte) {
		n := 16 + len(body)
		frame := append([]byte{2, 1, flags, typeSize, byte(size), byte(size >> 8), 0, 0, byte(block), byte(block >> 8), 0, 0,
			byte(n), byte(n >> 8), byte(n >> 16), 0}, body...)
		if got, err := c.Decode(nil, frame, 1<<16); err == nil && len(got) != int(size) {
			t.Fatalf("%d bytes where the header says %d", len(got), size)
		}
	})
}
