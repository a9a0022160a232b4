package zarr

import (
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

// An index holds offset and length of every chunk in a shard.
type index []uint64

// parseIndex decodes an index.
func (s *shard) parseIndex(raw []byte) (index, error) {
	list := nd.New(nd.Uint64, 2*nd.Len(s.counts))
	if err := s.indexLayout.decode(list.Bytes(), raw); err != nil {
		return nil, fmt.Errorf("shard index: %w", err)
	}
	return nd.Values[uint64](list), nil
}

// find returns where the i-th chunk lies; ok is false when it is not stored.
func (x index) find(i int) (offset, length int64, ok bool, err error) {
	from, n := x[2*i], x[2*i+1]
	if from == absent && n == absent {
		return 0, 0, false, nil
	}
	if from > 1<<62 || n > 1<<62 {
		return 0, 0, false, fmt.Errorf("shard index: chunk %d has %d bytes at %d", i, n, from)
	}
	return int64(from), int64(n), true, nil
}

// decode decodes all chunks of the shard src into dst, a C-order array of the shard's shape.
func (s *shard) decode(dst, src []byte, fill Fill) error {
	size := s.indexSize()
	if len(src) < size {
		return fmt.Errorf("%d bytes, shorter than the shard's index", len(src))
	}
	raw := src[len(src)-size:]
	if s.atStart {
		raw = src[:size]
	}
	list, err := s.parseIndex(raw)
	if err != nil {
		return err
	}
	shape, item := s.shape(), s.inner.dtype.Size()
	chunk := make([]byte, s.inner.size())
	n := 0
	for at := range indices(make([]int, len(shape)), s.counts) {
		place := tile(at, s.inner.shape)
		from, length, ok, err := list.find(n)
		switch {
		case err != nil:
			return err
		case !ok:
			fillBox(dst, shape, place.lo, s.inner.shape, fill.bytes(s.inner.dtype))
		case from > int64(len(src)) || length > int64(len(src))-from:
			return fmt.Errorf("shard index: chunk %v has bytes %d+%d of %d", at, from, length, len(src))
		default:
			if err := s.inner.decode(chunk, src[from:from+length]); err != nil {
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
	list := make(index, 0, 2*nd.Len(s.counts))
	var out, buf []byte
	if s.atStart {
		out = make([]byte, s.indexSize())
	}
	for at := range indices(zero, s.counts) {
		nd.CopyBox(chunk, s.inner.shape, zero, src, shape, tile(at, s.inner.shape).lo, s.inner.shape, item)
		if isFilled(chunk, element) {
			list = append(list, absent, absent)
			continue
		}
		encoded, err := s.inner.encode(buf, chunk)
		if err != nil {
			return nil, err
		}
		list = append(list, uint64(len(out)), uint64(len(encoded)))
		out = append(out, encoded...)
		if len(s.inner.codecs) > 0 {
			buf = encoded
		}
	}
	raw, err := s.encodeIndex(list)
	if err != nil {
		return nil, err
	}
	if s.atStart {
		copy(out, raw)
		return out, nil
	}
	return append(out, raw...), nil
}

func (s *shard) encodeIndex(list index) ([]byte, error) {
	raw, err := s.indexLayout.encode(nil, nd.From([]uint64(list), len(list)).Bytes())
	if err == nil && len(raw) != s.indexSize() {
		err = errors.New("shard index of a wrong length")
	}
	return raw, err
}
