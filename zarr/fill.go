package zarr

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"volara/nd"
)

// A Fill is the value of voxels that were never written: the bits of one element, in the low bytes of the first number.
// Of a complex element they are the bits of its real part, and the second number has those of its imaginary part. Its
// meaning is the array's data type's; the zero Fill is zero in each of them.
type Fill [2]uint64

// FillOf returns a value as a Fill.
func FillOf[T nd.AnyElement](value T) Fill {
	return fillFrom(nd.From([]T{value}, 1).Bytes(), nd.TypeOf[T](), binary.NativeEndian)
}

// fillFrom reads one element in some byte order.
func fillFrom(b []byte, t nd.DType, order binary.ByteOrder) Fill {
	var f Fill
	size := t.Part().Size()
	for i := range len(b) / size {
		f[i] = readWord(b[i*size:(i+1)*size], order)
	}
	return f
}

// readWord reads an unsigned integer of 1, 2, 4 or 8 bytes.
func readWord(b []byte, order binary.ByteOrder) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	default:
		return order.Uint64(b)
	}
}

// bytes returns the element in the machine's byte order.
func (f Fill) bytes(t nd.DType) []byte {
	b := make([]byte, 0, t.Size())
	size := t.Part().Size()
	for _, bits := range f[:t.Size()/size] {
		switch size {
		case 1:
			b = append(b, byte(bits))
		case 2:
			b = binary.NativeEndian.AppendUint16(b, uint16(bits))
		case 4:
			b = binary.NativeEndian.AppendUint32(b, uint32(bits))
		case 8:
			b = binary.NativeEndian.AppendUint64(b, bits)
		}
	}
	return b
}

// parts returns the real and the imaginary part of a complex value.
func (f Fill) parts() (re, im Fill) { return Fill{f[0]}, Fill{f[1]} }

// Text returns the value as people write it.
func (f Fill) Text(t nd.DType) string {
	if t.IsComplex() {
		re, im := f.parts()
		sign := "+"
		if text := im.Text(t.Part()); strings.HasPrefix(text, "-") {
			sign = ""
		}
		return re.Text(t.Part()) + sign + im.Text(t.Part()) + "j"
	}
	return strings.Trim(string(f.json(t)), `"`)
}

// json returns the value as both formats write it: a number, true or false, a string for floats that JSON numbers cannot
// hold, a list of the two parts of complex numbers.
func (f Fill) json(t nd.DType) json.RawMessage {
	switch {
	case t == nd.Bool:
		return json.RawMessage(strconv.FormatBool(f[0] != 0))
	case t.IsComplex():
		re, im := f.parts()
		return json.RawMessage(fmt.Sprintf("[%s, %s]", re.floatJSON(t.Part()), im.floatJSON(t.Part())))
	case t.IsFloat():
		return f.floatJSON(t)
	case t.IsUnsigned():
		return json.RawMessage(strconv.FormatUint(f[0], 10))
	default:
		unused := 64 - 8*t.Size()
		return json.RawMessage(strconv.FormatInt(int64(f[0])<<unused>>unused, 10))
	}
}

// jsonV2 is json for .zarray, which can write one NaN only.
func (f Fill) jsonV2(t nd.DType) (json.RawMessage, error) {
	text := f.json(t)
	if strings.Contains(string(text), `"0x`) {
		return nil, fmt.Errorf("fill value %s: zarr v2 knows no NaN but %s; use format 3", text, nanFill(t.Part()).hex(t.Part()))
	}
	return text, nil
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
		return json.RawMessage(strconv.Quote(f.hex(t)))
	}
	s := strconv.FormatFloat(v, 'g', -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return json.RawMessage(s)
}

func (f Fill) hex(t nd.DType) string { return fmt.Sprintf("0x%0*x", 2*t.Size(), f[0]) }

// float returns the value and the precision that its shortest decimal form needs.
func (f Fill) float(t nd.DType) (float64, int) {
	switch t {
	case nd.Float16:
		return nd.HalfToFloat(uint16(f[0])), 32
	case nd.Float32:
		return float64(math.Float32frombits(uint32(f[0]))), 32
	default:
		return math.Float64frombits(f[0]), 64
	}
}

// nanFill is the NaN that the word stands for: sign 0, only the highest bit of the fraction set.
func nanFill(t nd.DType) Fill {
	switch t {
	case nd.Float16:
		return Fill{0x7e00}
	case nd.Float32:
		return Fill{0x7fc00000}
	default:
		return Fill{0x7ff8000000000000}
	}
}
