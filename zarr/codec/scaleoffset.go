package codec

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"volara/nd"
)

// FixedScaleOffset stores (x − offset) · scale, rounded to an integer, as elements of another type; numcodecs'
// fixedscaleoffset. What is lost is lost; values that the stored type does not hold wrap around.
//
// Arithmetic is numpy's: in the array's type when that is a float or when all are integers, else in float64.
type FixedScaleOffset struct {
	typed
	scale, offset json.Number
	integers      bool // the encoder's arithmetic is the array's own integer arithmetic
	numbers       struct{ scale, offset float64 }
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
	f := &FixedScaleOffset{typed: typed{c.DType.Type, c.AsType.Type}, scale: c.Scale, offset: c.Offset}
	for _, n := range []struct {
		name string
		from json.Number
		to   *float64
	}{{"scale", c.Scale, &f.numbers.scale}, {"offset", c.Offset, &f.numbers.offset}} {
		v, err := n.from.Float64()
		if err != nil || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%s %q is not a number", n.name, n.from)
		}
		*n.to = v
	}
	switch {
	case f.numbers.scale == 0:
		return nil, fmt.Errorf("scale 0: nothing could be decoded")
	case !supported(f.in.DType) || !supported(f.out.DType) || f.in.DType == nd.Bool:
		return nil, fmt.Errorf("types %v and %v: only integers and floating-point numbers are scaled", f.in.DType, f.out.DType)
	}
	f.integers = f.in.IsInteger() && !strings.ContainsAny(string(c.Scale+c.Offset), ".eE")
	return f, nil
}

// Spec implements Codec.
func (f *FixedScaleOffset) Spec() Spec {
	return Spec{numcodecs + "fixedscaleoffset",
		scaleOffsetConfig{"", f.scale, f.offset, f.in.DType.String(), f.out.DType.String()},
		scaleOffsetConfig{"fixedscaleoffset", f.scale, f.offset, f.in.String(), f.out.String()}}
}

// Encode implements Codec.
func (f *FixedScaleOffset) Encode(dst, src []byte) ([]byte, error) {
	return f.encode(dst, src, func(dst, src []byte) {
		if f.integers {
			whole := make([]byte, len(src)*8/f.in.Size())
			cast(whole, nd.Int64, src, f.in.DType)
			scale, offset := toInt64(f.numbers.scale), toInt64(f.numbers.offset)
			for i, v := range view[int64](whole) {
				view[int64](whole)[i] = (v - offset) * scale
			}
			narrow := make([]byte, len(src))
			cast(narrow, f.in.DType, whole, nd.Int64)
			cast(dst, f.out.DType, narrow, f.in.DType)
			return
		}
		round := rounding(f.in.DType)
		scale, offset := round(f.numbers.scale), round(f.numbers.offset)
		mapFloats(dst, f.out.DType, src, f.in.DType, func(v float64) float64 {
			return math.RoundToEven(round(round(v-offset) * scale))
		})
	})
}

// Decode implements Codec.
func (f *FixedScaleOffset) Decode(dst, src []byte, limit int) ([]byte, error) {
	return f.decode(dst, src, limit, func(dst, src []byte) {
		round := rounding(f.out.DType)
		scale, offset := round(f.numbers.scale), round(f.numbers.offset)
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
		values := view[float64](buf[:8*part])
		for i, v := range values {
			values[i] = f(v)
		}
		cast(dst[:part*to.Size()], to, buf[:8*part], nd.Float64)
		src, dst = src[part*from.Size():], dst[part*to.Size():]
	}
}
