package codec

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"volara/nd"
)

// bigEndian says that the machine is.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// parseType reads a type as numpy names it: "<i2", "|u1", ">f8", "i2", "int16". Without a byte order it is the machine's.
func parseType(s string) (Type, error) {
	if t, err := nd.ParseDType(s); err == nil {
		return Type{DType: t}, nil
	}
	order, code := byte('='), s
	if s != "" && (s[0] == '<' || s[0] == '>' || s[0] == '=' || s[0] == '|') {
		order, code = s[0], s[1:]
	}
	if t, ok := nd.ParseCode(code); ok {
		return Type{t, t.Size() > 1 && (order == '>' && !bigEndian || order == '<' && bigEndian)}, nil
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
	return order + t.Code()
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
