package codec

import "fmt"

// asType stores elements as another type, as numpy's astype converts; numcodecs' astype.
type asType struct {
	typed
}

type asTypeConfig struct {
	ID     string `json:"id,omitempty"`
	Encode string `json:"encode_dtype"`
	Decode string `json:"decode_dtype"`
}

func parseAsType(decode func(any) error, t Type) (Codec, error) {
	c := struct {
		Encode typeField `json:"encode_dtype"`
		Decode typeField `json:"decode_dtype"`
	}{typeField{Type{}, "encode_dtype"}, typeField{t, "decode_dtype"}}
	if err := decode(&c); err != nil {
		return nil, err
	}
	for _, t := range []typeField{c.Encode, c.Decode} {
		if !supported(t.DType) {
			return nil, fmt.Errorf("%s is missing or of a type that is not converted", t.name)
		}
	}
	return &asType{typed{c.Decode.Type, c.Encode.Type}}, nil
}

// Spec implements Codec.
func (a *asType) Spec() Spec {
	return Spec{numcodecs + "astype",
		asTypeConfig{"", a.out.DType.String(), a.in.DType.String()},
		asTypeConfig{"astype", a.out.String(), a.in.String()}}
}

// Encode implements Codec.
func (a *asType) Encode(dst, src []byte) ([]byte, error) {
	return a.encode(dst, src, func(dst, src []byte) { cast(dst, a.out.DType, src, a.in.DType) })
}

// Decode implements Codec.
func (a *asType) Decode(dst, src []byte, limit int) ([]byte, error) {
	return a.decode(dst, src, limit, func(dst, src []byte) { cast(dst, a.in.DType, src, a.out.DType) })
}
