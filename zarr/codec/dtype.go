package codec

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"volara/nd"
)

// bigEndian says that the machine is.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// typesV2 are numpy's codes of the types, after the byte order.
var typesV2 = map[nd.DType]string{
	nd.Bool: "b1", nd.Int8: "i1", nd.Int16: "i2", nd.Int32: "i4", nd.Int64: "i8",
	nd.Uint8: "u1", nd.Uint16: "u2", nd.Uint32: "u4", nd.Uint64: "u8",
	nd.Float16: "f2", nd.Float32: "f4", nd.Float64: "f8",
	nd.Complex64: "c8", nd.Complex128: "c16",
}

// parseType reads a type as numpy names it: "<i2", "|u1", ">f8", "i2", "int16". Without a byte order it is the machine's.
func parseType(s string) (Type, error) {
	if t, err := nd.ParseDType(s); err == nil {
		return Type{DType: t}, nil
	}
	order, code := byte('='), s
	if s != "" && (s[0] == '<' || s[0] == '>' || s[0] == '=' || s[0] == '|') {
		order, code = s[0], s[1:]
	}
	for t, c := range typesV2 {
		if c == code {
			return Type{t, t.Size() > 1 && (order == '>' && !bigEndian || order == '<' && bigEndian)}, nil
		}
	}
	return Type{}, fmt.Errorf("%q: supported are booleans and numbers such as \"<i2\" or \"float32\"", s)
}

// String returns numpy's name of the type, with its byte order.
func (t Type) String() string {
	order := "|"
	if t.Size() > 1 {
		if order = "<"; t.Swapped != bigEndian {
			order = ">"
		}
	}
	return order + typesV2[t.DType]
}

// typeField is a field of a configuration that holds a type; absent and null leave it as it is.
type typeField struct {
	Type
	name string // of the field, for errors
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *typeField) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var s string
	err := json.Unmarshal(data, &s)
	if err != nil {
		s = string(data)
	}
	if f.Type, err = parseType(s); err != nil {
		return fmt.Errorf("%s %w", f.name, err)
	}
	return nil
}

// swapElements reverses the bytes of every element, or part of a complex one. dst and src have equal length and may be
// the same memory.
func swapElements(dst, src []byte, t nd.DType) {
	switch size := t.Part().Size(); size {
	case 1:
		copy(dst, src)
	case 2:
		for i := 0; i+2 <= len(src); i += 2 {
			binary.LittleEndian.PutUint16(dst[i:], binary.BigEndian.Uint16(src[i:]))
		}
	case 4:
		for i := 0; i+4 <= len(src); i += 4 {
			binary.LittleEndian.PutUint32(dst[i:], binary.BigEndian.Uint32(src[i:]))
		}
	case 8:
		for i := 0; i+8 <= len(src); i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.BigEndian.Uint64(src[i:]))
		}
	default:
		panic("codec: elements of " + strconv.Itoa(size) + " bytes")
	}
}
