package codec_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

// A chunk is an array that numcodecs encoded; see testdata/make_chunks.py.
type chunk struct {
	Config  json.RawMessage
	DType   string
	Array   []byte
	Encoded []byte
	Decoded []byte // what numcodecs decodes Encoded to, where that is not Array
}

func (c chunk) want() []byte {
	if c.Decoded != nil {
		return c.Decoded
	}
	return c.Array
}

func chunks(t testing.TB) []chunk {
	data, err := os.ReadFile("testdata/chunks.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []chunk
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// typeOf reads numpy's name of a type.
func typeOf(t testing.TB, s string) codec.Type {
	c, err := codec.ParseV2(json.RawMessage(`{"id": "astype", "encode_dtype": "|u1", "decode_dtype": "`+s+`"}`), codec.Type{DType: nd.Uint8})
	if err == nil {
		in, _ := c.(codec.Filter).Types()
		return in
	}
	complex := map[string]nd.DType{"<c8": nd.Complex64, "<c16": nd.Complex128}[s]
	if s == ">c16" {
		return codec.Type{DType: nd.Complex128, Swapped: true}
	}
	if complex == nd.Invalid {
		t.Fatalf("type %s", s)
	}
	return codec.Type{DType: complex}
}

// deterministic codecs have one encoding.
var deterministic = []string{"delta", "fixedscaleoffset", "quantize", "astype", "bitround", "packbits", "shuffle",
	"fletcher32", "crc32", "adler32", "crc32c", "jenkins_lookup3"}

// TestChunks decodes what numcodecs encoded, encodes it again, to the same bytes where there is but one encoding, and
// decodes that.
func TestChunks(t *testing.T) {
	for i, ch := range chunks(t) {
		var id struct{ ID string }
		if err := json.Unmarshal(ch.Config, &id); err != nil {
			t.Fatal(err)
		}
		c, err := codec.ParseV2(ch.Config, typeOf(t, ch.DType))
		if err != nil {
			t.Errorf("%d %s: %v", i, ch.Config, err)
			continue
		}
		got, err := c.Decode(nil, ch.Encoded, len(ch.want()))
		if err != nil || !bytes.Equal(got, ch.want()) {
			t.Errorf("%d %s of %s: decoded %v to\n%v, want\n%v", i, ch.Config, ch.DType, err, got, ch.want())
			continue
		}
		encoded, err := c.Encode(nil, ch.Array)
		if err != nil {
			t.Errorf("%d %s: %v", i, ch.Config, err)
			continue
		}
		for _, name := range deterministic {
			if name == id.ID && !bytes.Equal(encoded, ch.Encoded) {
				t.Errorf("%d %s of %s: encoded to\n%v, numcodecs to\n%v", i, ch.Config, ch.DType, encoded, ch.Encoded)
			}
		}
		if got, err = c.Decode(nil, encoded, len(ch.want())); err != nil || !bytes.Equal(got, ch.want()) {
			t.Errorf("%d %s: round trip: %v", i, ch.Config, err)
		}
	}
}

// TestBooleanDeltas: numcodecs loses booleans in the sum of their differences, which is none.
func TestBooleanDeltas(t *testing.T) {
	c := parsed(t, `{"id": "delta", "dtype": "|b1"}`)()
	data := []byte{1, 1, 0, 0, 1, 0, 1, 1}
	encoded, err := c.Encode(nil, data)
	if err != nil || !bytes.Equal(encoded, []byte{1, 0, 1, 0, 1, 1, 1, 0}) {
		t.Fatalf("%v %v", encoded, err)
	}
	if got, err := c.Decode(nil, encoded, 8); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%v %v", got, err)
	}
}

// TestLongDeltas: differences of another type than the array's are made a piece at a time.
func TestLongDeltas(t *testing.T) {
	for _, types := range []string{`"dtype": "<i4", "astype": "<i2"`, `"dtype": "<u2", "astype": "<u8"`, `"dtype": "<f4", "astype": "<f8"`, `"dtype": ">i4", "astype": "<f8"`} {
		c := parsed(t, `{"id": "delta", `+types+`}`)()
		in, _ := c.(codec.Filter).Types()
		for _, n := range []int{2047, 2048, 2049, 4096, 4097, 10000} {
			data := make([]byte, n*in.Size())
			for i := range n { // small numbers with small steps, in either byte order and as floats below the least normal one
				data[i*in.Size()], data[(i+1)*in.Size()-1] = 0, 0
				at := i * in.Size()
				if in.Swapped {
					at = (i+1)*in.Size() - 1
				}
				data[at] = byte(i * i / 100 % 120)
			}
			encoded, err := c.Encode(nil, data)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.Decode(nil, encoded, len(data)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, %d elements: %v", types, n, err)
			}
		}
	}
}

// TestCasts converts what lies at and beyond the borders of types.
func TestCasts(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		from, to string
		in       any
		want     any
	}{
		{"<f8", "<u8", []float64{-1, 1 << 63, 1.9, -0.5, nan}, []uint64{math.MaxUint64, 1 << 63, 1, 0, 1 << 63}},
		{"<f8", "<i8", []float64{-1.9, 1 << 62, inf, -inf}, []int64{-1, 1 << 62, math.MinInt64, math.MinInt64}},
		{"<f4", "|u1", []float32{255, 256, -1, 3.99}, []uint8{255, 0, 255, 3}},
		{"<i8", "<f4", []int64{1<<24 + 1, -3}, []float32{1 << 24, -3}},
		{"<u8", "<i2", []uint64{math.MaxUint64, 40000}, []int16{-1, 40000 - 65536}},
		{"<f4", "|b1", []float32{0, 0.1, -2}, []uint8{0, 1, 1}},
		{"<f8", "<f2", []float64{65520, 1, -0.1}, []uint16{0x7c00, 0x3c00, 0xae66}},
	} {
		f := parsed(t, `{"id": "astype", "encode_dtype": "`+c.to+`", "decode_dtype": "`+c.from+`"}`)()
		got, err := f.Encode(nil, littleEndian(c.in))
		if err != nil || !bytes.Equal(got, littleEndian(c.want)) {
			t.Errorf("%s to %s: %v became %v (%v), want %v", c.from, c.to, c.in, got, err, c.want)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for config, want := range map[string]string{
		`{"id": "delta", "dtype": "<M8[s]"}`:                                                 "M8",
		`{"id": "delta", "dtype": "|O"}`:                                                     "dtype",
		`{"id": "delta", "dtype": "<c8", "astype": "<f4"}`:                                   "complex64",
		`{"id": "delta", "dtype": [["a", "<i2"]]}`:                                           "dtype",
		`{"id": "fixedscaleoffset", "dtype": "<f4", "offset": 0, "scale": 0}`:                "scale 0",
		`{"id": "fixedscaleoffset", "dtype": "<f4", "scale": 1}`:                             "offset",
		`{"id": "fixedscaleoffset", "dtype": "|b1", "scale": 1, "offset": 0}`:                "bool",
		`{"id": "quantize", "dtype": "<i4", "digits": 3}`:                                    "int32",
		`{"id": "quantize", "dtype": "<f4"}`:                                                 "digits",
		`{"id": "quantize", "dtype": "<f4", "digits": 1000}`:                                 "-300..300",
		`{"id": "astype", "decode_dtype": "<i4"}`:                                            "encode_dtype",
		`{"id": "bitround", "keepbits": 3}`:                                                  "int32",
		`{"id": "packbits"}`:                                                                 "int32",
		`{"id": "shuffle", "elementsize": -1}`:                                               "elementsize -1",
		`{"id": "crc32", "location": "middle"}`:                                              `"start" and "end"`,
		`{"id": "fletcher32", "location": "start"}`:                                          "location",
		`{"id": "bz2", "level": 0}`:                                                          "1..9",
		`{"id": "categorize", "labels": ["a"], "dtype": "|O"}`:                               "categorize",
		`{"id": "vlen-utf8"}`:                                                                "vlen-utf8",
		`{"id": "fixedscaleoffset", "dtype": "<f4", "offset": 0, "scale": 1, "astype": "U"}`: "astype",
	} {
		_, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Int32})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", config, err, want)
		}
	}
	odd := map[string][]byte{
		`{"id": "delta", "dtype": "<i4"}`:     make([]byte, 7),
		`{"id": "shuffle", "elementsize": 4}`: make([]byte, 7),
		`{"id": "packbits"}`:                  {},
		`{"id": "crc32"}`:                     {1, 2, 3},
		`{"id": "bz2"}`:                       {},
	}
	for config, encoded := range odd {
		c, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Uint8})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Decode(nil, encoded, 100); err == nil {
			t.Errorf("%s: %v decoded to %v", config, encoded, got)
		}
	}
}

// littleEndian returns the bytes of a slice of numbers.
func littleEndian(v any) []byte {
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
		panic(err)
	}
	return b.Bytes()
}
