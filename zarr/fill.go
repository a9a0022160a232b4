package zarr

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"volara/nd"
)

// A Fill is the value of voxels that were never written: the bits of one element, in the low bytes. Its meaning is the
// array's data type's; the zero Fill is zero in each of them.
type Fill uint64

// FillOf returns a value as a Fill.
func FillOf[T nd.Element](value T) Fill {
	b := nd.From([]T{value}, 1).Bytes()
	switch len(b) {
	case 1:
		return Fill(b[0])
	case 2:
		return Fill(binary.NativeEndian.Uint16(b))
	case 4:
		return Fill(binary.NativeEndian.Uint32(b))
	default:
		return Fill(binary.NativeEndian.Uint64(b))
	}
}

// bytes returns the element in the machine's byte order.
func (f Fill) bytes(t nd.DType) []byte {
	b := make([]byte, t.Size())
	switch t.Size() {
	case 1:
		b[0] = byte(f)
	case 2:
		binary.NativeEndian.PutUint16(b, uint16(f))
	case 4:
		binary.NativeEndian.PutUint32(b, uint32(f))
	case 8:
		binary.NativeEndian.PutUint64(b, uint64(f))
	}
	return b
}

// Text returns the value as people write it.
func (f Fill) Text(t nd.DType) string {
	return strings.Trim(string(f.json(t)), `"`)
}

// json returns the value as both formats write it: a number, true or false, or a string for floats that JSON numbers
// cannot hold.
func (f Fill) json(t nd.DType) json.RawMessage {
	switch {
	case t == nd.Bool:
		return json.RawMessage(strconv.FormatBool(f != 0))
	case t.IsFloat():
		return f.floatJSON(t)
	case t >= nd.Uint8:
		return json.RawMessage(strconv.FormatUint(uint64(f), 10))
	default:
		unused := 64 - 8*t.Size()
		return json.RawMessage(strconv.FormatInt(int64(f)<<unused>>unused, 10))
	}
}

func (f Fill) floatJSON(t nd.DType) json.RawMessage {
	v, bits := f.float(t)
	switch {
	case math.IsInf(v, 1):
		return json.RawMessage(`"Infinity"`)
	case math.IsInf(v, -1):
		return json.RawMessage(`"-Infinity"`)
	case v != v && f == nanFill(t):
		return json.RawMessage(`"NaN"`)
	case v != v:
		return json.RawMessage(fmt.Sprintf(`"0x%0*x"`, 2*t.Size(), uint64(f)))
	}
	s := strconv.FormatFloat(v, 'g', -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return json.RawMessage(s)
}

// float returns the value and the precision that its shortest decimal form needs.
func (f Fill) float(t nd.DType) (float64, int) {
	switch t {
	case nd.Float16:
		return halfToFloat(uint16(f)), 32
	case nd.Float32:
		return float64(math.Float32frombits(uint32(f))), 32
	default:
		return math.Float64frombits(uint64(f)), 64
	}
}

// nanFill is the NaN that the word stands for: sign 0, only the highest bit of the fraction set.
func nanFill(t nd.DType) Fill {
	switch t {
	case nd.Float16:
		return 0x7e00
	case nd.Float32:
		return 0x7fc00000
	default:
		return 0x7ff8000000000000
	}
}

// parseFill reads a fill value of either format. null, which v2 has for "none", is zero.
func parseFill(raw json.RawMessage, t nd.DType) (Fill, error) {
	text := string(raw)
	switch {
	case text == "null":
		return 0, nil
	case text == "true" && t == nd.Bool:
		return 1, nil
	case text == "false" && t == nd.Bool:
		return 0, nil
	}
	var word string
	if json.Unmarshal(raw, &word) == nil {
		if !t.IsFloat() {
			return 0, fmt.Errorf("%s is not a value of type %v", excerpt(raw), t)
		}
		return parseFloatWord(word, t)
	}
	if t.IsFloat() {
		return parseFloat(text, t)
	}
	return parseInteger(text, t)
}

func parseFloatWord(word string, t nd.DType) (Fill, error) {
	switch word {
	case "NaN":
		return nanFill(t), nil
	case "Infinity":
		return floatFill(math.Inf(1), t), nil
	case "-Infinity":
		return floatFill(math.Inf(-1), t), nil
	}
	if digits, ok := strings.CutPrefix(word, "0x"); ok && len(digits) == 2*t.Size() {
		if bits, err := strconv.ParseUint(digits, 16, 64); err == nil {
			return Fill(bits), nil
		}
	}
	return 0, fmt.Errorf(`%q is not a value of type %v; a number, "NaN", "Infinity", "-Infinity" and "0x" with %d digits are`,
		word, t, 2*t.Size())
}

func parseFloat(text string, t nd.DType) (Fill, error) {
	bits := 64
	if t == nd.Float32 {
		bits = 32
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return 0, fmt.Errorf("%s is not a value of type %v", excerpt(json.RawMessage(text)), t)
	}
	return floatFill(v, t), nil
}

func floatFill(v float64, t nd.DType) Fill {
	switch t {
	case nd.Float16:
		return Fill(floatToHalf(v))
	case nd.Float32:
		return Fill(math.Float32bits(float32(v)))
	default:
		return Fill(math.Float64bits(v))
	}
}

// parseInteger reads an integer exactly, also one written with a fraction of zero, as some writers do.
func parseInteger(text string, t nd.DType) (Fill, error) {
	outside := fmt.Errorf("%s is not a value of type %v", excerpt(json.RawMessage(text)), t)
	// A long exponent is no integer of 64 bits, and would take long to expand.
	if len(text) > 40 || strings.ContainsAny(text, "/_xXpPn") {
		return 0, outside
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 4 {
		return 0, outside
	}
	v, ok := new(big.Rat).SetString(text)
	if !ok || !v.IsInt() {
		return 0, outside
	}
	n, bits := v.Num(), 8*t.Size()
	if t == nd.Bool {
		bits = 1
	}
	if t >= nd.Uint8 || t == nd.Bool {
		if n.Sign() < 0 || n.BitLen() > bits {
			return 0, outside
		}
		return Fill(n.Uint64()), nil
	}
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	if n.Cmp(limit) >= 0 || n.Cmp(limit.Neg(limit)) < 0 {
		return 0, outside
	}
	return Fill(uint64(n.Int64())) & (1<<(bits-1)<<1 - 1), nil
}
