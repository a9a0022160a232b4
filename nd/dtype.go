package nd

import "fmt"

// A DType is the type of an array's elements.
type DType uint8

// The element types. Float16 elements are held as their 16 bits; complex ones as their real and their imaginary part.
const (
	Invalid DType = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float16
	Float32
	Float64
	Complex64
	Complex128
)

var dtypes = [...]struct {
	name, code string
	size       int
}{
	Invalid: {"invalid", "", 0}, Bool: {"bool", "b1", 1},
	Int8: {"int8", "i1", 1}, Int16: {"int16", "i2", 2}, Int32: {"int32", "i4", 4}, Int64: {"int64", "i8", 8},
	Uint8: {"uint8", "u1", 1}, Uint16: {"uint16", "u2", 2}, Uint32: {"uint32", "u4", 4}, Uint64: {"uint64", "u8", 8},
	Float16: {"float16", "f2", 2}, Float32: {"float32", "f4", 4}, Float64: {"float64", "f8", 8},
	Complex64: {"complex64", "c8", 8}, Complex128: {"complex128", "c16", 16},
}

// String returns numpy's (and zarr v3's) name of the type.
func (t DType) String() string {
	if int(t) < len(dtypes) {
		return dtypes[t].name
	}
	return fmt.Sprintf("DType(%d)", uint8(t))
}

// Code returns numpy's code of the type, which stands behind the byte order: "u2".
func (t DType) Code() string { return dtypes[t].code }

// Size returns the bytes of one element.
func (t DType) Size() int { return dtypes[t].size }

// IsFloat reports whether t is a floating-point type; the complex ones are not.
func (t DType) IsFloat() bool { return t >= Float16 && t <= Float64 }

// IsComplex reports whether t is a complex type. Its elements have no order.
func (t DType) IsComplex() bool { return t == Complex64 || t == Complex128 }

// Part returns the type of the real and imaginary part of a complex type, and t itself for all others.
func (t DType) Part() DType {
	switch t {
	case Complex64:
		return Float32
	case Complex128:
		return Float64
	}
	return t
}

// IsUnsigned reports whether t is an unsigned integer.
func (t DType) IsUnsigned() bool { return t >= Uint8 && t <= Uint64 }

// IsInteger reports whether t is a signed or unsigned integer; Bool is neither.
func (t DType) IsInteger() bool { return t >= Int8 && t <= Uint64 }

// ParseDType is the inverse of String.
func ParseDType(name string) (DType, error) {
	for t, d := range dtypes {
		if d.name == name && DType(t) != Invalid {
			return DType(t), nil
		}
	}
	return Invalid, fmt.Errorf("unknown data type %q", name)
}

// ParseCode is the inverse of Code; false where there is no such type.
func ParseCode(code string) (DType, bool) {
	for t, d := range dtypes {
		if d.code == code && DType(t) != Invalid {
			return DType(t), true
		}
	}
	return Invalid, false
}

// DTypes lists the element types.
func DTypes() []DType {
	var list []DType
	for t := Bool; t <= Complex128; t++ {
		list = append(list, t)
	}
	return list
}

// Element lists the Go types with an order that stand for a DType in memory. uint16 stands for Uint16
// and Float16, uint8 for Uint8 and Bool.
type Element interface {
	Integer | Float
}

// AnyElement lists all Go types that stand for a DType in memory: Element and the complex ones.
type AnyElement interface {
	Element | complex64 | complex128
}

// TypeOf returns the DType of a Go element type.
func TypeOf[T AnyElement]() DType {
	var zero T
	switch any(zero).(type) {
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case float32:
		return Float32
	case complex64:
		return Complex64
	case complex128:
		return Complex128
	default:
		return Float64
	}
}
