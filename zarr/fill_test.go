package zarr

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"volara/nd"
)

func TestFill(t *testing.T) {
	for _, c := range []struct {
		dtype     nd.DType
		text      string
		want      Fill
		canonical string
	}{
		{nd.Bool, `true`, Fill{1}, `true`},
		{nd.Bool, `0`, Fill{0}, `false`},
		{nd.Int8, `-1`, Fill{0xff}, `-1`},
		{nd.Int8, `-128`, Fill{0x80}, `-128`},
		{nd.Int64, `-9223372036854775808`, Fill{1 << 63}, `-9223372036854775808`},
		{nd.Int64, `9223372036854775807`, Fill{1<<63 - 1}, `9223372036854775807`},
		{nd.Uint64, `18446744073709551615`, Fill{1<<64 - 1}, `18446744073709551615`},
		{nd.Uint64, `9007199254740993`, Fill{9007199254740993}, `9007199254740993`},
		{nd.Uint64, `1e3`, Fill{1000}, `1000`},
		{nd.Uint32, `4294967295.0`, Fill{1<<32 - 1}, `4294967295`},
		{nd.Float16, `1`, Fill{0x3c00}, `1.0`},
		{nd.Float16, `0.1`, Fill{0x2e66}, `0.099975586`},
		{nd.Float32, `0.1`, Fill{uint64(math.Float32bits(0.1))}, `0.1`},
		{nd.Float64, `0.1`, Fill{uint64(math.Float64bits(0.1))}, `0.1`},
		{nd.Float64, `1e300`, Fill{uint64(math.Float64bits(1e300))}, `1e+300`},
		{nd.Float64, `"NaN"`, Fill{0x7ff8000000000000}, `"NaN"`},
		{nd.Float32, `"NaN"`, Fill{0x7fc00000}, `"NaN"`},
		{nd.Float16, `"NaN"`, Fill{0x7e00}, `"NaN"`},
		{nd.Float32, `"Infinity"`, Fill{0x7f800000}, `"Infinity"`},
		{nd.Float16, `"-Infinity"`, Fill{0xfc00}, `"-Infinity"`},
		{nd.Float32, `"0x7fc00001"`, Fill{0x7fc00001}, `"0x7fc00001"`},
		{nd.Float64, `"0xfff8000000000000"`, Fill{0xfff8000000000000}, `"0xfff8000000000000"`},
		{nd.Float64, `-0.0`, Fill{1 << 63}, `-0.0`},
		{nd.Float32, `1`, Fill{0x3f800000}, `1.0`},
		{nd.Float64, `"1.5"`, FillOf(1.5), `1.5`},
		{nd.Uint64, `"18446744073709551615"`, Fill{1<<64 - 1}, `18446744073709551615`},
		{nd.Float16, `"0x7e01"`, Fill{0x7e01}, `"0x7e01"`},
		{nd.Complex64, `[1, 2]`, FillOf(complex64(1 + 2i)), `[1.0, 2.0]`},
		{nd.Complex64, `["-Infinity", "NaN"]`, Fill{0xff800000, 0x7fc00000}, `["-Infinity", "NaN"]`},
		{nd.Complex64, `[0.0, "0x7fc00001"]`, Fill{0, 0x7fc00001}, `[0.0, "0x7fc00001"]`},
		{nd.Complex128, `["0xfff8000000000001", -0.0]`, Fill{0xfff8000000000001, 1 << 63}, `["0xfff8000000000001", -0.0]`},
	} {
		got, err := parseFill(json.RawMessage(c.text), c.dtype)
		if err != nil || got != c.want {
			t.Errorf("%v %s = %#x, %v; want %#x", c.dtype, c.text, got, err, c.want)
			continue
		}
		if text := string(got.json(c.dtype)); text != c.canonical {
			t.Errorf("%v %s is written as %s, want %s", c.dtype, c.text, text, c.canonical)
		}
		if again, err := parseFill(got.json(c.dtype), c.dtype); err != nil || again != got {
			t.Errorf("%v %s does not survive: %#x, %v", c.dtype, c.text, again, err)
		}
	}
	for _, c := range []struct {
		dtype nd.DType
		text  string
	}{
		{nd.Bool, `2`}, {nd.Int8, `128`}, {nd.Int8, `-129`}, {nd.Uint64, `18446744073709551616`}, {nd.Uint64, `-1`},
		{nd.Float32, `"nan"`}, {nd.Float32, `"0x7fc0"`}, {nd.Float32, `"0xzzzzzzzz"`}, {nd.Float64, `true`}, {nd.Float64, `[]`},
		{nd.Uint8, `null`}, {nd.Float32, `null`}, {nd.Complex64, `null`}, {nd.Complex64, `1`}, {nd.Complex64, `[1]`},
		{nd.Complex64, `[1, 2, 3]`}, {nd.Complex64, `[1, "x"]`}, {nd.Complex64, `[null, 1]`}, {nd.Complex128, `[1, "0x7fc00000"]`},
		{nd.Uint8, `""`}, {nd.Uint8, `"1e"`}, {nd.Float32, `""`}, {nd.Float32, `"inf"`}, {nd.Bool, `"true"`},
		{nd.Uint8, `{}`}, {nd.Uint8, ``}, {nd.Int32, `0.5`}, {nd.Float64, `1e999`},
	} {
		if got, err := parseFill(json.RawMessage(c.text), c.dtype); err == nil {
			t.Errorf("%v %s = %#x", c.dtype, c.text, got)
		}
	}
	if f := FillOf(int16(-2)); f != (Fill{0xfffe}) || f.Text(nd.Int16) != "-2" {
		t.Errorf("FillOf(-2) = %#x", f)
	}
}

// TestFillV2 reads what only a .zarray has: null and base64, in the array's byte order.
func TestFillV2(t *testing.T) {
	for _, c := range []struct {
		dtype nd.DType
		order binary.ByteOrder
		text  string
		want  Fill
	}{
		{nd.Uint8, binary.LittleEndian, `null`, Fill{}},
		{nd.Complex128, binary.LittleEndian, `null`, Fill{}},
		{nd.Uint8, binary.LittleEndian, `"Bw=="`, Fill{7}},
		{nd.Uint16, binary.LittleEndian, `"AQI="`, Fill{0x201}},
		{nd.Uint16, binary.BigEndian, `"AQI="`, Fill{0x102}},
		{nd.Complex64, binary.LittleEndian, `"AACAPwAAAEA="`, FillOf(complex64(1 + 2i))},
		{nd.Complex64, binary.BigEndian, `"P4AAAEAAAAA="`, FillOf(complex64(1 + 2i))},
		{nd.Complex128, binary.LittleEndian, `"AAAAAAAA8D8AAAAAAAAAQA=="`, FillOf(1 + 2i)},
		{nd.Complex64, binary.BigEndian, `[1, "NaN"]`, Fill{0x3f800000, 0x7fc00000}},
		{nd.Int16, binary.BigEndian, `-2`, Fill{0xfffe}},
	} {
		if got, err := parseFillV2(json.RawMessage(c.text), c.dtype, c.order); err != nil || got != c.want {
			t.Errorf("%v %s = %#x, %v; want %#x", c.dtype, c.text, got, err, c.want)
		}
	}
	for _, text := range []string{`"AQI="`, `"===="`, `"AA=A"`, `"=="`} {
		if got, err := parseFillV2(json.RawMessage(text), nd.Complex64, binary.LittleEndian); err == nil {
			t.Errorf("complex64 %s = %#x", text, got)
		}
	}
	if text, err := (Fill{0x7fc00001}).jsonV2(nd.Float32); err == nil || !strings.Contains(err.Error(), "0x7fc00000") {
		t.Errorf("a NaN that v2 does not have is written as %s, %v", text, err)
	}
}

func TestFillText(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{FillOf(1.5 - 2i).Text(nd.Complex128), "1.5-2.0j"},
		{FillOf(complex64(1 + 2i)).Text(nd.Complex64), "1.0+2.0j"},
		{Fill{0x7fc00000, 0x7f800000}.Text(nd.Complex64), "NaN+Infinityj"},
		{FillOf(uint8(7)).Text(nd.Uint8), "7"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
