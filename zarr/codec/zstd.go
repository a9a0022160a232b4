package codec

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Zstd is Zstandard (RFC 8878).
type Zstd struct {
	// Level is the reference implementation's level; 0 means its default, 3. The encoder takes the nearest of its own
	// four.
	Level int
	// Checksum asks for a checksum of the content in each frame. One that is there is verified in any case.
	Checksum bool

	encoders, decoders sync.Pool
}

type zstdConfig struct {
	Level    int  `json:"level"`
	Checksum bool `json:"checksum"`
}

type zstdV2 struct {
	ID       string `json:"id"`
	Level    int    `json:"level"`
	Checksum bool   `json:"checksum,omitempty"`
}

// Spec implements Codec.
func (z *Zstd) Spec() Spec {
	return Spec{"zstd", zstdConfig{z.Level, z.Checksum}, zstdV2{"zstd", z.Level, z.Checksum}}
}

// Encode implements Codec.
func (z *Zstd) Encode(dst, src []byte) ([]byte, error) {
	e, err := z.encoder()
	if err != nil {
		return nil, err
	}
	defer z.encoders.Put(e)
	return e.EncodeAll(src, dst[:0]), nil
}

// encoder returns an idle encoder. Literals are entropy coded always: noisy image data would stay uncompressed else.
func (z *Zstd) encoder() (*zstd.Encoder, error) {
	if e, ok := z.encoders.Get().(*zstd.Encoder); ok {
		return e, nil
	}
	level := z.Level
	if level == 0 {
		level = 3
	}
	return zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)),
		zstd.WithEncoderCRC(z.Checksum),
		zstd.WithEncoderConcurrency(1),
		zstd.WithAllLitEntropyCompression(true),
		zstd.WithZeroFrames(true))
}

// Decode implements Codec.
func (z *Zstd) Decode(dst, src []byte, limit int) ([]byte, error) {
	var header zstd.Header
	if err := header.Decode(src); err != nil {
		return nil, fmt.Errorf("frame header: %w", err)
	}
	d, err := z.decoder()
	if err != nil {
		return nil, err
	}
	defer z.decoders.Put(d)
	if !header.HasFCS && cap(dst) < limit {
		return z.decodeUnsized(d, src, limit)
	}
	if header.HasFCS && header.FrameContentSize > uint64(limit) {
		return nil, ErrTooLong
	}
	if cap(dst) < limit {
		// Several frames may follow each other; the first one's size is not the whole.
		dst = make([]byte, 0, limit)
	}
	return d.DecodeAll(src, dst[:0:limit])
}

// decodeUnsized decodes a frame that does not say how long it is, growing with what comes out of it.
func (z *Zstd) decodeUnsized(d *zstd.Decoder, src []byte, limit int) ([]byte, error) {
	if err := d.Reset(bytes.NewReader(src)); err != nil {
		return nil, err
	}
	defer d.Reset(nil) //nolint:errcheck // only drops the reference to src
	return readAll(d, limit)
}

// decoder returns an idle decoder; it decodes into the capacity it is given and no further.
func (z *Zstd) decoder() (*zstd.Decoder, error) {
	if d, ok := z.decoders.Get().(*zstd.Decoder); ok {
		return d, nil
	}
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
}

// readAll reads r to its end, at most limit bytes.
func readAll(r io.Reader, limit int) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if n > int64(limit) {
		return nil, ErrTooLong
	}
	return out.Bytes(), nil
}
