package codec

import (
	"fmt"
	"math"

	"volara/nd"
)

// quantize rounds floating-point numbers to so many decimal digits, or rather to the power of 1/2 that does; numcodecs'
// quantize. Decoding gives the rounded numbers.
type quantize struct {
	typed
	Digits int
}

type quantizeConfig struct {
	ID     string `json:"id,omitempty"`
	Digits int    `json:"digits"`
	DType  string `json:"dtype"`
	AsType string `json:"astype"`
}

func parseQuantize(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		Digits *int      `json:"digits"`
		DType  typeField `json:"dtype"`
		AsType typeField `json:"astype"`
	}{DType: typeField{t, "dtype"}, AsType: typeField{Type{}, "astype"}}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.AsType.DType == nd.Invalid {
		c.AsType.Type = c.DType.Type
	}
	switch {
	case c.Digits == nil:
		return nil, fmt.Errorf(`"digits" is missing`)
	case *c.Digits < -300 || *c.Digits > 300:
		return nil, fmt.Errorf("digits %d is not in -300..300", *c.Digits)
	case !c.DType.IsFloat() || !c.AsType.IsFloat() || !supported(c.DType.DType) || !supported(c.AsType.DType):
		return nil, fmt.Errorf("types %v and %v: only floating-point numbers are quantized", c.DType.DType, c.AsType.DType)
	}
	return &quantize{typed{c.DType.Type, c.AsType.Type}, *c.Digits}, nil
}

// Spec implements Codec.
func (q *quantize) Spec() Spec {
	return Spec{numcodecs + "quantize",
		quantizeConfig{"", q.Digits, q.in.DType.String(), q.out.DType.String()},
		quantizeConfig{"quantize", q.Digits, q.in.String(), q.out.String()}}
}

// Encode implements Codec.
func (q *quantize) Encode(dst, src []byte) ([]byte, error) {
	round := rounding(q.in.DType)
	scale := round(math.Exp2(math.Ceil(float64(q.Digits) * math.Log2(10))))
	return q.encode(dst, src, func(dst, src []byte) {
		mapFloats(dst, q.out.DType, src, q.in.DType, func(v float64) float64 {
			return round(math.RoundToEven(round(scale*v)) / scale)
		})
	})
}

// Decode implements Codec.
func (q *quantize) Decode(dst, src []byte, limit int) ([]byte, error) {
	return q.decode(dst, src, limit, func(dst, src []byte) { cast(dst, q.in.DType, src, q.out.DType) })
}
