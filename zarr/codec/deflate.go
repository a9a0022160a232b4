package codec

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// Gzip is gzip (RFC 1952). Concatenated members are read as one.
type Gzip struct {
	// Level is 0 (stored) to 9 (smallest), or −1 (the default, 6).
	Level int

	deflater deflater
	readers  sync.Pool
}

// Zlib is zlib (RFC 1950), numcodecs' name for it.
type Zlib struct {
	// Level is −1 (the default, 6) to 9.
	Level int

	deflater deflater
	readers  sync.Pool
}

type levelConfig struct {
	Level int `json:"level"`
}

type levelV2 struct {
	ID    string `json:"id"`
	Level int    `json:"level"`
}

// parseGzip takes another level for a missing one in zarr's own codec than in numcodecs'.
func parseGzip(missing int) parseFunc {
	return func(decode func(any) error, _ Type) (Codec, error) {
		level, err := parseLevel(decode, missing, -1, 9)
		return &Gzip{Level: level}, err
	}
}

func parseZlib(decode func(any) error, _ Type) (Codec, error) {
	level, err := parseLevel(decode, 1, -1, 9)
	return &Zlib{Level: level}, err
}

// parseLevel reads a configuration of nothing but a level.
func parseLevel(decode func(any) error, missing, lowest, highest int) (int, error) {
	c := levelConfig{Level: missing}
	if err := decode(&c); err != nil {
		return 0, err
	}
	if c.Level < lowest || c.Level > highest {
		return 0, fmt.Errorf("level %d is not in %d..%d", c.Level, lowest, highest)
	}
	return c.Level, nil
}

// Spec implements Codec.
func (g *Gzip) Spec() Spec { return Spec{"gzip", levelConfig{g.Level}, levelV2{"gzip", g.Level}} }

// Spec implements Codec.
func (z *Zlib) Spec() Spec {
	return Spec{numcodecs + "zlib", levelConfig{z.Level}, levelV2{"zlib", z.Level}}
}

// The library's own default, −1, is read but not written.
func (g *Gzip) refusal() error { return checkLevel(g.Level, 0, 9) }

func (z *Zlib) refusal() error { return checkLevel(z.Level, 0, 9) }

// Encode implements Codec.
func (g *Gzip) Encode(dst, src []byte) ([]byte, error) {
	return g.deflater.encode(dst, src, g.Level, func(level int) (resetWriter, error) { return gzip.NewWriterLevel(nil, level) })
}

// Encode implements Codec.
func (z *Zlib) Encode(dst, src []byte) ([]byte, error) {
	return z.deflater.encode(dst, src, z.Level, func(level int) (resetWriter, error) { return zlib.NewWriterLevel(nil, level) })
}

// Decode implements Codec.
func (g *Gzip) Decode(dst, src []byte, limit int) ([]byte, error) {
	r, ok := g.readers.Get().(*gzip.Reader)
	if !ok {
		r = new(gzip.Reader)
	}
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return nil, err
	}
	defer g.readers.Put(r)
	return readAll(r, dst, limit)
}

// Decode implements Codec.
func (z *Zlib) Decode(dst, src []byte, limit int) ([]byte, error) {
	r, ok := z.readers.Get().(io.ReadCloser)
	if ok {
		if err := r.(zlib.Resetter).Reset(bytes.NewReader(src), nil); err != nil {
			return nil, err
		}
	} else {
		var err error
		if r, err = zlib.NewReader(bytes.NewReader(src)); err != nil {
			return nil, err
		}
	}
	defer z.readers.Put(r)
	return readAll(r, dst, limit)
}

// A deflater recycles writers.
type deflater struct{ matching, huffman sync.Pool }

type resetWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// encode compresses at a level. The fast levels of klauspost/compress store what has no matches, as noisy images have none;
// where less than an eighth is saved, coding the bytes alone is tried, and the shorter one taken.
func (d *deflater) encode(dst, src []byte, level int, open func(level int) (resetWriter, error)) ([]byte, error) {
	out, err := deflate(&d.matching, dst, src, level, open)
	if err != nil || level == 0 || len(out) < len(src)-len(src)/8 || len(src) < 64 {
		return out, err
	}
	coded, err := deflate(&d.huffman, nil, src, flate.HuffmanOnly, open)
	if err != nil || len(coded) >= len(out) {
		return out, err
	}
	return append(out[:0], coded...), nil
}

func deflate(pool *sync.Pool, dst, src []byte, level int, open func(level int) (resetWriter, error)) ([]byte, error) {
	w, ok := pool.Get().(resetWriter)
	if !ok {
		var err error
		if w, err = open(level); err != nil {
			return nil, err
		}
	}
	defer pool.Put(w)
	out := bytes.NewBuffer(dst[:0])
	w.Reset(out)
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	w.Reset(nil)
	return out.Bytes(), nil
}
