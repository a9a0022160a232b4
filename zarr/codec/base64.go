package codec

import "encoding/base64"

// base64Text is numcodecs' base64 (RFC 4648, section 4).
type base64Text struct{}

func parseBase64(decode func(any) error, _ Type) (Codec, error) {
	return base64Text{}, decode(&struct{}{})
}

// Spec implements Codec.
func (base64Text) Spec() Spec { return Spec{numcodecs + "base64", struct{}{}, idV2{"base64"}} }

// EncodedLen implements FixedLength.
func (base64Text) EncodedLen(n int) int { return base64.StdEncoding.EncodedLen(n) }

// Encode implements Codec.
func (b base64Text) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, b.EncodedLen(len(src)))
	base64.StdEncoding.Encode(dst, src)
	return dst, nil
}

// Decode implements Codec.
func (base64Text) Decode(dst, src []byte, limit int) ([]byte, error) {
	// What is padding is not known before.
	most := base64.StdEncoding.DecodedLen(len(src))
	if most > limit+2 {
		return nil, ErrTooLong
	}
	dst = grow(dst, most)
	n, err := base64.StdEncoding.Decode(dst, src)
	switch {
	case err != nil:
		return nil, err
	case n > limit:
		return nil, ErrTooLong
	}
	return dst[:n], nil
}
