package codec

import (
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	dsnet "github.com/dsnet/compress/bzip2"
)

// BZ2 is bzip2, which numcodecs calls bz2. Concatenated streams are read as one.
type BZ2 struct {
	// Level is 1 to 9, the size of a block in units of 100 kB.
	Level int
}

func parseBZ2(decode func(any) error, _ Type) (Codec, error) {
	level, err := parseLevel(decode, 1, 1, 9)
	return BZ2{level}, err
}

// Spec implements Codec.
func (b BZ2) Spec() Spec {
	return Spec{numcodecs + "bz2", levelConfig(b), levelV2{"bz2", b.Level}}
}

func (b BZ2) refusal() error { return checkLevel(b.Level, 1, 9) }

// Encode implements Codec.
func (b BZ2) Encode(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst[:0])
	w, err := dsnet.NewWriter(out, &dsnet.WriterConfig{Level: b.Level})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Decode implements Codec.
func (BZ2) Decode(dst, src []byte, limit int) ([]byte, error) {
	if len(src) == 0 {
		return nil, fmt.Errorf("no bytes: %w", io.ErrUnexpectedEOF)
	}
	return readAll(bzip2.NewReader(bytes.NewReader(src)), dst, limit)
}
