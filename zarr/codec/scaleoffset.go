package codec

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"volara/nd"
)

// fixedScaleOffset stores (x − offset) · scale, rounded to an integer, as elements of another type; numcodecs'
// fixedscaleoffset. What is lost is lost; values that the stored type does not hold wrap around.
//
// Arithmetic is numpy's: an integer, a number without a fraction or an exponent, is subtracted from integers and multiplied
// by them in their own type, and must be one of it; everything else is done in the array's type where that is a float, in
// float64 where it is not.
type fixedScaleOffset struct {
	typed
	scale, offset fixedNumber
}

// A fixedNumber is a number of the configuration.
type fixedNumber struct {
	text  json.Number // as it was written, which decides what arithmetic is
	value float64
}

func parseFixedNumber(name string, text json.Number) (fixedNumber, error) {
	v, err := text.Float64()
	if err != nil || math.IsInf(v, 0) {
		return fixedNumber{}, fmt.Errorf("%s %q is not a number", name, text)
	}
	return fixedNumber{text, v}, nil
}

// isInteger says whether numpy takes the number for an integer.
func (n fixedNumber) isInteger() bool { return !strings.ContainsAny(string(n.text), ".eE") }

// integer returns the number as an integer of type t, of which wrapping arithmetic needs the bits alone.
func (n fixedNumber) integer(t nd.DType) (bits int64, err error) {
	if width := 8 * t.Size(); !t.IsUnsigned() {
		bits, err = strconv.ParseInt(string(n.text), 10, width)
	} else if n.text != "-0" {
		var u uint64
		u, err = strconv.ParseUint(string(n.text), 10, width)
		bits = int64(u)
	}
	if err != nil {
		return 0, fmt.Errorf("%s is no %v, which numpy computes with here: write it with a fraction to compute with floating-point numbers", n.text, t)
	}
	return bits, nil
}

type scaleOffsetConfig struct {
	ID     string      `json:"id,omitempty"`
	Scale  json.Number `json:"scale"`
	Offset json.Number `json:"offset"`
	DType  string      `json:"dtype"`
	AsType string      `json:"astype"`
}

func parseScaleOffset(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		Scale  json.Number `json:"scale"`
		Offset json.Number `json:"offset"`
		DType  typeField   `json:"dtype"`
		AsType typeField   `json:"astype"`
	}{DType: typeField{t, "dtype"}, AsType: typeField{Type{}, "astype"}}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.AsType.DType == nd.Invalid {
		c.AsType.Type = c.DType.Type
	}
	f := &fixedScaleOffset{typed: typed{c.DType.Type, c.AsType.Type}}
	var err error
	if f.scale, err = parseFixedNumber("scale", c.Scale); err != nil {
		return nil, err
	}
	if f.offset, err = parseFixedNumber("offset", c.Offset); err != nil {
		return nil, err
	}
	switch {
	case f.scale.value == 0:
		return nil, fmt.Errorf("scale 0: nothing could be decoded")
	case !supported(f.in.DType) || !supported(f.out.DType) || f.in.DType == nd.Bool:
		return nil, fmt.Errorf("types %v and %v: only integers and floating-point numbers are scaled", f.in.DType, f.out.DType)
	}
	return f, nil
}

// Spec implements Codec.
func (f *fixedScaleOffset) Spec() Spec {
	return Spec{numcodecs + "fixedscaleoffset",
		scaleOffsetConfig{"", f.scale.text, f.offset.text, f.in.DType.String(), f.out.DType.String()},
		scaleOffsetConfig{"fixedscaleoffset", f.scale.text, f.offset.text, f.in.String(), f.out.String()}}
}

// Encode implements Codec.
func (f *fixedScaleOffset) Encode(dst, src []byte) ([]byte, error) {
	if f.in.IsInteger() && f.offset.isInteger() {
		return f.encodeIntegers(dst, src)
	}
	round := rounding(f.in.DType)
	scale, offset := round(f.scale.value), round(f.offset.value)
	return f.encode(dst, src, func(dst, src []byte) {
		mapFloats(dst, f.out.DType, src, f.in.DType, func(v float64) float64 {
			return math.RoundToEven(round(round(v-offset) * scale))
		})
	})
}

// integers returns the offset and, where the scale is an integer, too, the scale, else 1.
func (f *fixedScaleOffset) integers() (offset, scale int64, err error) {
	if offset, err = f.offset.integer(f.in.DType); err != nil {
		return 0, 0, fmt.Errorf("offset %w", err)
	}
	if !f.scale.isInteger() {
		return offset, 1, nil
	}
	if scale, err = f.scale.integer(f.in.DType); err != nil {
		return 0, 0, fmt.Errorf("scale %w", err)
	}
	return offset, scale, nil
}

// encodeIntegers subtracts in the array's type, and multiplies there too where the scale is an integer.
func (f *fixedScaleOffset) encodeIntegers(dst, src []byte) ([]byte, error) {
	in, out := f.in.DType, f.out.DType
	offset, scale, err := f.integers()
	if err != nil {
		return nil, err
	}
	return f.encode(dst, src, func(dst, src []byte) {
		const n = 1024
		wide, narrow := make([]byte, 8*n), make([]byte, n*in.Size())
		for len(src) > 0 {
			part := min(len(src)/in.Size(), n)
			wide, narrow := wide[:8*part], narrow[:part*in.Size()]
			cast(wide, nd.Int64, src[:len(narrow)], in)
			for i, v := range nd.Elements[int64](wide) {
				nd.Elements[int64](wide)[i] = (v - offset) * scale
			}
			cast(narrow, in, wide, nd.Int64)
			if to := dst[:part*out.Size()]; f.scale.isInteger() {
				cast(to, out, narrow, in)
			} else {
				mapFloats(to, out, narrow, in, func(v float64) float64 { return math.RoundToEven(v * f.scale.value) })
			}
			src, dst = src[len(narrow):], dst[part*out.Size():]
		}
	})
}

// refusal implements refuser: numcodecs cannot compute with integers that the array's type does not hold.
func (f *fixedScaleOffset) refusal() error {
	if !f.in.IsInteger() || !f.offset.isInteger() {
		return nil
	}
	_, _, err := f.integers()
	return err
}

// Decode implements Codec.
func (f *fixedScaleOffset) Decode(dst, src []byte, limit int) ([]byte, error) {
	return f.decode(dst, src, limit, func(dst, src []byte) {
		round := rounding(f.out.DType)
		scale, offset := round(f.scale.value), round(f.offset.value)
		mapFloats(dst, f.in.DType, src, f.out.DType, func(v float64) float64 {
			return round(round(v/scale) + offset)
		})
	})
}

// rounding returns what one operation on elements of type t, done in float64, is rounded with: to t when that is a
// float; results on integers stay float64.
func rounding(t nd.DType) func(float64) float64 {
	switch t {
	case nd.Float16:
		return func(v float64) float64 { return nd.HalfToFloat(nd.FloatToHalf(v)) }
	case nd.Float32:
		return func(v float64) float64 { return float64(float32(v)) }
	default:
		return func(v float64) float64 { return v }
	}
}

// mapFloats applies f to every element, which it takes and gives as float64, a buffer's length at a time.
func mapFloats(dst []byte, to nd.DType, src []byte, from nd.DType, f func(float64) float64) {
	const n = 1024
	buf := make([]byte, 8*n)
	for len(src) > 0 {
		part := min(len(src)/from.Size(), n)
		cast(buf[:8*part], nd.Float64, src[:part*from.Size()], from)
		values := nd.Elements[float64](buf[:8*part])
		for i, v := range values {
			values[i] = f(v)
		}
		cast(dst[:part*to.Size()], to, buf[:8*part], nd.Float64)
		src, dst = src[part*from.Size():], dst[part*to.Size():]
	}
}
