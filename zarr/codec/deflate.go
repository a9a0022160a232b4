package codec

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// Gzip is gzip (RFC 1952). Concatenated members are read as one.
type Gzip struct {
	// Level is 0 (stored) to 9 (smallest), or −1 (the default, 6).
	Level int

	writers, readers sync.Pool
}

// Zlib is zlib (RFC 1950), numcodecs' name for it.
type Zlib struct {
	// Level is −1 (the default, 6) to 9.
	Level int

	writers, readers sync.Pool
}

type levelConfig struct {
	Level int `json:"level"`
}

type levelV2 struct {
	ID    string `json:"id"`
	Level int    `json:"level"`
}

// Spec implements Codec.
func (g *Gzip) Spec() Spec { return Spec{"gzip", levelConfig{g.Level}, levelV2{"gzip", g.Level}} }

// Spec implements Codec.
func (z *Zlib) Spec() Spec {
	return Spec{"numcodecs.zlib", levelConfig{z.Level}, levelV2{"zlib", z.Level}}
}

// Encode implements Codec.
func (g *Gzip) Encode(dst, src []byte) ([]byte, error) {
	w, ok := g.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if w, err = gzip.NewWriterLevel(nil, g.Level); err != nil {
			return nil, err
		}
	}
	defer g.writers.Put(w)
	return deflate(w, dst, src)
}

// Encode implements Codec.
func (z *Zlib) Encode(dst, src []byte) ([]byte, error) {
	w, ok := z.writers.Get().(*zlib.Writer)
	if !ok {
		var err error
		if w, err = zlib.NewWriterLevel(nil, z.Level); err != nil {
			return nil, err
		}
	}
	defer z.writers.Put(w)
	return deflate(w, dst, src)
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
	return inflate(r, dst, limit)
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
	return inflate(r, dst, limit)
}

type resetWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

func deflate(w resetWriter, dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst[:0])
	w.Reset(out)
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// inflate reads r to its end, which also verifies its checksum.
func inflate(r io.Reader, dst []byte, limit int) ([]byte, error) {
	if cap(dst) < limit {
		return readAll(r, limit)
	}
	dst = dst[:limit]
	n, err := io.ReadFull(r, dst)
	switch {
	case errors.Is(err, io.EOF):
		return dst[:0], nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		// A truncated stream and one that ends early look alike here; asking again tells them apart.
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return dst[:n], nil
	case err != nil:
		return nil, err
	}
	var more [1]byte
	for {
		n, err := r.Read(more[:])
		switch {
		case n > 0:
			return nil, ErrTooLong
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return nil, err
		}
	}
}
