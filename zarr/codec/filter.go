package codec

import (
	"fmt"

	"volara/nd"
)

// A Type says how elements lie in bytes: their type, and whether each is in the byte order that is not the machine's.
type Type struct {
	nd.DType
	Swapped bool
}

// FixedLength is implemented by codecs whose Encode makes a number of bytes that follows from the number it is given:
// checksums, shuffles, filters.
type FixedLength interface {
	// EncodedLen returns how many bytes Encode makes of n bytes.
	EncodedLen(n int) int
}

// A Filter is a codec that knows the type of its elements and may change it: zarr v3 calls it "array -> array". Elements
// are taken in the order in which they lie in memory; how many there are on an axis is nothing to it.
//
// Of a filter that ParseV3 made neither type is Swapped: what follows it decides on the byte order.
type Filter interface {
	Codec
	FixedLength
	// Types returns the type of the elements that Encode takes and of those that it makes.
	Types() (in, out Type)
}

// Next returns the type of the elements that c makes of elements of type t, bytes when c is no filter.
func Next(c Codec, t Type) Type {
	if f, ok := c.(Filter); ok {
		_, out := f.Types()
		return out
	}
	return Type{DType: nd.Uint8}
}

// elements returns how many elements of type t n bytes are.
func elements(n int, t Type) (int, error) {
	if n%t.Size() != 0 {
		return 0, fmt.Errorf("%d bytes are no whole number of %v elements", n, t.DType)
	}
	return n / t.Size(), nil
}
