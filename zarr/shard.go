package zarr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"volara/nd"
)

// A shard is the sharding_indexed serialisation: chunks one after the other, and an index of where each lies.
// Format: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
type shard struct {
	inner       *layout
	counts      []int // chunks along each axis
	atStart     bool  // the index comes before the chunks
	indexLayout *layout
}

// absent is offset and length of a chunk that is not stored.
const absent = 1<<64 - 1

// indexSize returns the bytes of the encoded index.
func (s *shard) indexSize() int { return s.indexLayout.fixedSize() }

// bound bounds the bytes of a shard without gaps. It does not overflow.
func (s *shard) bound() int {
	n, ok := product(s.counts, s.inner.bound())
	if !ok {
		return math.MaxInt / 64
	}
	return min(n, math.MaxInt/64) + s.indexSize()
}

// number returns the number of the chunk that starts at the given voxel of the shard.
func (s *shard) number(at []int) int {
	n := 0
	for d, stride := range nd.Strides(s.counts) {
		n += at[d] / s.inner.shape[d] * stride
	}
	return n
}

// An index holds offset and length of every chunk in a shard, 8 bytes each in the machine's byte order.
type index []byte

// decodeIndex decodes an index into dst, which has the size of a decoded one.
func (s *shard) decodeIndex(dst, encoded []byte) error {
	if err := s.indexLayout.decode(dst, encoded); err != nil {
		return fmt.Errorf("shard index: %w", err)
	}
	return nil
}

// find returns where the i-th chunk lies; ok is false when it is not stored.
func (x index) find(i int) (offset, length int64, ok bool, err error) {
	from, n := binary.NativeEndian.Uint64(x[16*i:]), binary.NativeEndian.Uint64(x[16*i+8:])
	if from == absent && n == absent {
		return 0, 0, false, nil
	}
	if from > 1<<62 || n > 1<<62 {
		return 0, 0, false, fmt.Errorf("shard index: chunk %d has %d bytes at %d", i, n, from)
	}
	return int64(from), int64(n), true, nil
}

// set says where the i-th chunk lies, with absent for both that it is not stored.
func (x index) set(i int, offset, length uint64) {
	binary.NativeEndian.PutUint64(x[16*i:], offset)
	binary.NativeEndian.PutUint64(x[16*i+8:], length)
}

// checkExtent verifies that the i-th chunk can have size bytes from a byte of a shard on that has so many bytes (−1: not
// known).
func (s *shard) checkExtent(i int, from, size, bytes int64) error {
	lo, hi := int64(0), bytes
	if s.atStart {
		lo = int64(s.indexSize())
	} else if bytes >= 0 {
		hi = bytes - int64(s.indexSize())
	}
	switch {
	case size > int64(s.inner.maxEncoded()):
		return fmt.Errorf("shard index: chunk %d has %d bytes", i, size)
	case size > 0 && (from < lo || hi >= 0 && (from > hi || size > hi-from)):
		return fmt.Errorf("shard index: chunk %d has bytes %d+%d, outside of %d to %d", i, from, size, lo, hi)
	}
	return nil
}

// indexOf returns the index of a shard.
func (s *shard) indexOf(src []byte) (index, error) {
	size := s.indexSize()
	if len(src) < size {
		return nil, fmt.Errorf("%d bytes, shorter than the shard's index", len(src))
	}
	encoded := src[len(src)-size:]
	if s.atStart {
		encoded = src[:size]
	}
	x := make(index, 16*nd.Len(s.counts))
	return x, s.decodeIndex(x, encoded)
}

// chunkOf returns the bytes of the i-th chunk in a shard, nil where it is not stored.
func (s *shard) chunkOf(src []byte, x index, i int) ([]byte, error) {
	from, size, ok, err := x.find(i)
	if err != nil || !ok {
		return nil, err
	}
	if err := s.checkExtent(i, from, size, int64(len(src))); err != nil {
		return nil, err
	}
	if size == 0 {
		return []byte{}, nil
	}
	return src[from : from+size : from+size], nil
}

// decode decodes all chunks of the shard src into dst, a C-order array of the shard's shape.
func (s *shard) decode(dst, src []byte, fill Fill) error {
	x, err := s.indexOf(src)
	if err != nil {
		return err
	}
	shape, item := s.shape(), s.inner.dtype.Size()
	chunk := make([]byte, s.inner.size())
	n := 0
	for at := range indices(make([]int, len(shape)), s.counts) {
		place := tile(at, s.inner.shape)
		encoded, err := s.chunkOf(src, x, n)
		switch {
		case err != nil:
			return err
		case encoded == nil:
			fillBox(dst, shape, place.lo, s.inner.shape, fill.bytes(s.inner.dtype))
		default:
			if err := s.inner.decode(chunk, encoded); err != nil {
				return fmt.Errorf("chunk %v of the shard: %w", at, err)
			}
			nd.CopyBox(dst, shape, place.lo, chunk, s.inner.shape, make([]int, len(shape)), s.inner.shape, item)
		}
		n++
	}
	return nil
}

func (s *shard) shape() []int {
	shape := make([]int, len(s.counts))
	for d, n := range s.counts {
		shape[d] = n * s.inner.shape[d]
	}
	return shape
}

// encode makes a shard of a C-order array. Chunks that are all fill are left out of it.
func (s *shard) encode(src []byte, fill Fill) ([]byte, error) {
	shape, item, element := s.shape(), s.inner.dtype.Size(), fill.bytes(s.inner.dtype)
	chunk, zero := make([]byte, s.inner.size()), make([]int, len(shape))
	w := s.newWriter(nil)
	var buf []byte
	n := 0
	for at := range indices(zero, s.counts) {
		nd.CopyBox(chunk, s.inner.shape, zero, src, shape, tile(at, s.inner.shape).lo, s.inner.shape, item)
		if !isFilled(chunk, element) {
			encoded, err := s.inner.encode(buf, chunk)
			if err != nil {
				return nil, err
			}
			w.add(n, encoded)
			if len(s.inner.codecs) > 0 {
				buf = encoded
			}
		}
		n++
	}
	return w.finish()
}

// A shardWriter puts a shard together.
type shardWriter struct {
	s     *shard
	index index
	out   []byte
	empty bool // no chunk was added
}

// newWriter begins a shard, in buf's memory as far as it suffices.
func (s *shard) newWriter(buf []byte) *shardWriter {
	w := &shardWriter{s: s, index: make(index, 16*nd.Len(s.counts)), out: buf[:0], empty: true}
	for i := range w.index {
		w.index[i] = 0xff // absent
	}
	if s.atStart {
		w.out = append(w.out, make([]byte, s.indexSize())...)
	}
	return w
}

// add appends the i-th chunk.
func (w *shardWriter) add(i int, encoded []byte) {
	w.index.set(i, uint64(len(w.out)), uint64(len(encoded)))
	w.out = append(w.out, encoded...)
	w.empty = false
}

// finish returns the shard.
func (w *shardWriter) finish() ([]byte, error) {
	raw, err := w.s.indexLayout.encode(nil, w.index)
	if err == nil && len(raw) != w.s.indexSize() {
		err = errors.New("shard index of a wrong length")
	}
	if err != nil {
		return nil, err
	}
	if w.s.atStart {
		copy(w.out, raw)
		return w.out, nil
	}
	return append(w.out, raw...), nil
}
