// Package npz reads and writes NumPy's .npz files of integer arrays: zip archives of .npy members, stored or deflated.
// The formats are described in NumPy's "numpy.lib.format" (versions 1.0 to 3.0).
//
// What is read comes out as int64 in C order, whatever integer type, byte order and memory order the file has. What is
// written is little-endian int64 in C order, and the same bytes for the same arrays.
package npz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An Array is a named array of integers.
type Array struct {
	Name  string
	Shape []int
	Data  []int64 // in C order
}

// header is what stands before an array's data.
type header struct {
	kind    byte // 'i', 'u', 'b' or 'f'
	size    int  // bytes of an element
	order   binary.ByteOrder
	fortran bool
	shape   []int
	length  int // elements
}

const (
	magic   = "\x93NUMPY"
	maxDims = 64 // NumPy's own limit
)

var (
	descrPattern   = regexp.MustCompile(`['"]descr['"]\s*:\s*['"]([<>|=]?)([a-z])(\d+)['"]`)
	fortranPattern = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	shapePattern   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([\d\s,L]*)\)`)
)

func readHeader(r io.Reader) (header, error) {
	lead := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(r, lead); err != nil || string(lead[:len(magic)]) != magic {
		return header{}, errors.New("no NumPy array")
	}
	var length uint32
	if lead[len(magic)] == 1 {
		var short uint16
		if err := binary.Read(r, binary.LittleEndian, &short); err != nil {
			return header{}, err
		}
		length = uint32(short)
	} else if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return header{}, err
	}
	const longest = 1 << 20
	if length > longest {
		return header{}, fmt.Errorf("a header of %d bytes", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return header{}, err
	}
	return parseHeader(string(text))
}

func parseHeader(text string) (h header, err error) {
	descr, fortran, shape := descrPattern.FindStringSubmatch(text), fortranPattern.FindStringSubmatch(text), shapePattern.FindStringSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return h, fmt.Errorf("header %q has no type, order or shape that an array of numbers would have", text)
	}
	h.kind, h.fortran, h.order = descr[2][0], fortran[1] == "True", binary.LittleEndian
	if descr[1] == ">" {
		h.order = binary.BigEndian
	}
	h.size, err = strconv.Atoi(descr[3])
	if err != nil || !strings.Contains("i1 i2 i4 i8 u1 u2 u4 u8 b1 f4 f8", descr[2]+descr[3]) {
		return h, fmt.Errorf("elements of type %s%s are no integers", descr[2], descr[3])
	}
	h.length = 1
	for part := range strings.SplitSeq(shape[1], ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L")
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || (n > 0 && h.length > math.MaxInt/8/n) {
			return h, fmt.Errorf("shape (%s) is too large", shape[1])
		}
		if h.shape = append(h.shape, n); len(h.shape) > maxDims {
			return h, fmt.Errorf("more than %d dimensions", maxDims)
		}
		h.length *= n
	}
	return h, nil
}

// readArray reads an array up to the end of r. It allocates no more than r gives.
func readArray(r io.Reader) (Array, error) {
	h, err := readHeader(r)
	if err != nil {
		return Array{}, err
	}
	if h.kind == 'f' && h.length > 0 {
		return Array{}, fmt.Errorf("its %d elements are floats, not integers", h.length)
	}
	data, err := h.read(r)
	if err != nil {
		return Array{}, err
	}
	// The archive's checksum is compared when its end is read.
	if n, err := io.Copy(io.Discard, r); err != nil || n > 0 {
		return Array{}, errors.Join(fmt.Errorf("%d bytes follow the array", n), err)
	}
	if h.fortran && len(h.shape) > 1 {
		data = transpose(data, h.shape)
	}
	return Array{Shape: h.shape, Data: data}, nil
}

func (h header) read(r io.Reader) ([]int64, error) {
	const piece = 1 << 16 // elements
	buffer := make([]byte, min(piece, h.length)*h.size)
	var data []int64
	for len(data) < h.length {
		n := min(piece, h.length-len(data))
		b := buffer[:n*h.size]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("after %d of %d elements: %w", len(data), h.length, err)
		}
		if len(data)+n > cap(data) {
			grown := make([]int64, len(data), min(h.length, max(piece, 4*(len(data)+n))))
			copy(grown, data)
			data = grown
		}
		var err error
		if data, err = h.decode(data, b); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// decode appends the elements in b.
func (h header) decode(data []int64, b []byte) ([]int64, error) {
	signed := h.kind == 'i'
	for ; len(b) > 0; b = b[h.size:] {
		var v int64
		switch h.size {
		case 1:
			v = int64(b[0])
			if signed {
				v = int64(int8(b[0]))
			}
		case 2:
			v = int64(h.order.Uint16(b))
			if signed {
				v = int64(int16(v))
			}
		case 4:
			v = int64(h.order.Uint32(b))
			if signed {
				v = int64(int32(v))
			}
		default:
			v = int64(h.order.Uint64(b))
			if !signed && v < 0 {
				return nil, fmt.Errorf("element %d, %d, is larger than an int64", len(data), uint64(v))
			}
		}
		data = append(data, v)
	}
	return data, nil
}

// transpose brings data in Fortran order into C order.
func transpose(data []int64, shape []int) []int64 {
	out := make([]int64, len(data))
	index := make([]int, len(shape))
	for i := range out {
		from := 0
		for d := len(shape) - 1; d >= 0; d-- {
			from = from*shape[d] + index[d]
		}
		out[i] = data[from]
		for d := len(shape) - 1; d >= 0; d-- {
			if index[d]++; index[d] < shape[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}

// writeArray writes an array in version 1.0.
func writeArray(w io.Writer, a Array) error {
	length := 1
	var shape strings.Builder
	for _, n := range a.Shape {
		fmt.Fprintf(&shape, "%d, ", n)
		length *= n
	}
	if length != len(a.Data) || len(a.Shape) > maxDims {
		return fmt.Errorf("%d elements do not make the shape %v", len(a.Data), a.Shape)
	}
	text := fmt.Sprintf("{'descr': '<i8', 'fortran_order': False, 'shape': (%s), }", strings.TrimSuffix(shape.String(), " "))
	const align = 64
	lead := len(magic) + 4
	text += strings.Repeat(" ", align-1-(lead+len(text))%align) + "\n"
	head := append([]byte(magic), 1, 0)
	head = binary.LittleEndian.AppendUint16(head, uint16(len(text)))
	if _, err := w.Write(append(head, text...)); err != nil {
		return err
	}
	buffer := make([]byte, 0, 1<<16)
	for i, v := range a.Data {
		buffer = binary.LittleEndian.AppendUint64(buffer, uint64(v))
		if len(buffer) == cap(buffer) || i == len(a.Data)-1 {
			if _, err := w.Write(buffer); err != nil {
				return err
			}
			buffer = buffer[:0]
		}
	}
	return nil
}

// ReadArray reads a single array, an .npy file, up to the end of r; it has no name. It allocates no more than r gives.
func ReadArray(r io.Reader) (Array, error) { return readArray(r) }
