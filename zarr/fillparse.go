package zarr

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"volara/nd"
	"volara/zarr/pyjson"
)

// parseFillV2 reads the fill value of a .zarray: also null, which stands for none and is zero here, and an element's
// bytes in base64, in the order in which the array stores them.
func parseFillV2(raw json.RawMessage, t nd.DType, order binary.ByteOrder) (Fill, error) {
	if string(raw) == "null" {
		return Fill{}, nil
	}
	var word string
	// No element's size is a multiple of 3, so that its base64 always ends in padding.
	if json.Unmarshal(raw, &word) == nil && strings.HasSuffix(word, "=") {
		b, err := base64.StdEncoding.DecodeString(word)
		if err != nil || len(b) != t.Size() {
			return Fill{}, fmt.Errorf("%s is not the base64 of a value of type %v", pyjson.Excerpt(raw), t)
		}
		return fillFrom(b, t, order), nil
	}
	return parseFill(raw, t)
}

// parseFill reads a fill value as both formats have it.
func parseFill(raw json.RawMessage, t nd.DType) (Fill, error) {
	switch {
	case t.IsComplex():
		return parseComplex(raw, t)
	case t == nd.Bool && string(raw) == "true":
		return Fill{1}, nil
	case t == nd.Bool && string(raw) == "false":
		return Fill{}, nil
	}
	var word string
	if json.Unmarshal(raw, &word) == nil && string(raw) != "null" {
		return parseWord(word, t)
	}
	if t.IsFloat() {
		return parseFloat(string(raw), t)
	}
	return parseInteger(string(raw), t)
}

// parseComplex reads a real and an imaginary part, each as a float.
func parseComplex(raw json.RawMessage, t nd.DType) (Fill, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) != 2 {
		return Fill{}, fmt.Errorf("%s is not a value of type %v: a list of its real and its imaginary part", pyjson.Excerpt(raw), t)
	}
	re, err := parseFill(list[0], t.Part())
	if err != nil {
		return Fill{}, fmt.Errorf("real part: %w", err)
	}
	im, err := parseFill(list[1], t.Part())
	if err != nil {
		return Fill{}, fmt.Errorf("imaginary part: %w", err)
	}
	return Fill{re[0], im[0]}, nil
}

// parseWord reads a value written as a string: of floats those that JSON numbers cannot hold; some writers put any
// number in quotes.
func parseWord(word string, t nd.DType) (Fill, error) {
	number := word != "" && strings.Trim(word, "0123456789+-.eE") == ""
	switch {
	case !t.IsFloat() && number:
		return parseInteger(word, t)
	case !t.IsFloat():
		return Fill{}, fmt.Errorf("%q is not a value of type %v", word, t)
	case word == "NaN":
		return nanFill(t), nil
	case word == "Infinity":
		return floatFill(math.Inf(1), t), nil
	case word == "-Infinity":
		return floatFill(math.Inf(-1), t), nil
	case number:
		return parseFloat(word, t)
	}
	if digits, ok := strings.CutPrefix(word, "0x"); ok && len(digits) == 2*t.Size() {
		if bits, err := strconv.ParseUint(digits, 16, 64); err == nil {
			return Fill{bits}, nil
		}
	}
	return Fill{}, fmt.Errorf(`%q is not a value of type %v; a number, "NaN", "Infinity", "-Infinity" and "0x" with %d digits are`,
		word, t, 2*t.Size())
}

// parseFloat reads a number and rounds it to the type.
func parseFloat(text string, t nd.DType) (Fill, error) {
	bits := 64
	if t == nd.Float32 {
		bits = 32
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return Fill{}, fmt.Errorf("%s is not a value of type %v", pyjson.Excerpt(json.RawMessage(text)), t)
	}
	return floatFill(v, t), nil
}

func floatFill(v float64, t nd.DType) Fill {
	switch t {
	case nd.Float16:
		return Fill{uint64(nd.FloatToHalf(v))}
	case nd.Float32:
		return Fill{uint64(math.Float32bits(float32(v)))}
	default:
		return Fill{math.Float64bits(v)}
	}
}

// parseInteger reads an integer exactly, also one written with a fraction of zero, as some writers do.
func parseInteger(text string, t nd.DType) (Fill, error) {
	outside := fmt.Errorf("%s is not a value of type %v", pyjson.Excerpt(json.RawMessage(text)), t)
	// A long exponent is no integer of 64 bits, and would take long to expand.
	if len(text) > 40 || strings.ContainsAny(text, "/_xXpPn") {
		return Fill{}, outside
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 4 {
		return Fill{}, outside
	}
	v, ok := new(big.Rat).SetString(text)
	if !ok || !v.IsInt() {
		return Fill{}, outside
	}
	n, bits := v.Num(), 8*t.Size()
	if t == nd.Bool {
		bits = 1
	}
	if t.IsUnsigned() || t == nd.Bool {
		if n.Sign() < 0 || n.BitLen() > bits {
			return Fill{}, outside
		}
		return Fill{n.Uint64()}, nil
	}
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	if n.Cmp(limit) >= 0 || n.Cmp(limit.Neg(limit)) < 0 {
		return Fill{}, outside
	}
	return Fill{uint64(n.Int64()) & (1<<(bits-1)<<1 - 1)}, nil
}

// ParseFill reads a fill value as metadata files or people write it: a number, true, NaN, Infinity, 0x7fc00000.
func ParseFill(text string, t nd.DType) (Fill, error) {
	text = strings.TrimSpace(text)
	raw := json.RawMessage(text)
	if !json.Valid(raw) {
		raw, _ = json.Marshal(text) // a word
	}
	if string(raw) == "null" || text == "" {
		return Fill{}, fmt.Errorf("%q is not a value of type %v", text, t)
	}
	return parseFill(raw, t)
}
