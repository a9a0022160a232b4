package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/nd"
	"volara/zarr/store"
)

// Read returns the voxels of a box, of the given shape from offset. The box may leave the array; voxels outside it are
// 0.
func (a *Array) Read(ctx context.Context, offset, shape []int) (*nd.Array, error) {
	m := a.metadata()
	if err := m.checkBox(offset, shape); err != nil {
		return nil, fmt.Errorf("reading %s: %w", a.path, err)
	}
	dst := nd.New(m.DType, shape...)
	return dst, a.ReadInto(ctx, dst, offset)
}

// ReadInto reads the box of dst's shape from offset into dst, whose type must be the array's. The box may leave the
// array; voxels outside it become 0. After an error dst holds some of the voxels.
func (a *Array) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	m := a.metadata()
	if err := m.checkBox(offset, dst.Shape()); err != nil {
		return fmt.Errorf("reading %s: %w", a.path, err)
	}
	if dst.DType() != m.DType {
		return fmt.Errorf("reading %s: it holds %v, not %v", a.path, m.DType, dst.DType())
	}
	want := boxAt(offset, dst.Shape())
	inside := want.intersect(m.whole())
	if !inside.equal(want) {
		clear(dst.Bytes())
	}
	if inside.empty() {
		return nil
	}
	r := reading{a: a, m: m, dst: dst, origin: offset, want: inside}
	objects := inside.tiles(m.Chunks)
	for index := range indices(objects.lo, objects.hi) {
		if err := r.object(ctx, index); err != nil {
			return fmt.Errorf("reading %s: %w", a.path, err)
		}
	}
	return nil
}

// A reading is one ReadInto.
type reading struct {
	a      *Array
	m      *Metadata
	dst    *nd.Array
	origin []int // the voxel of the array that dst starts at
	want   box   // what to read, within the array
}

// object reads what is wanted of one stored object.
func (r *reading) object(ctx context.Context, index []int) error {
	key := r.m.keys.key(index)
	place := tile(index, r.m.Chunks)
	if !r.m.layout.ranged() {
		return r.piece(ctx, key, 0, place, func(dst []byte) error { return r.a.readChunk(ctx, r.m, key, dst) })
	}
	s := shardReader{a: r.a, m: r.m, key: key}
	pieces := r.want.intersect(place).tiles(r.m.Inner)
	for at := range indices(pieces.lo, pieces.hi) {
		piece := tile(at, r.m.Inner)
		n := r.m.layout.shard.number(sub(piece.lo, place.lo))
		err := r.piece(ctx, key, n, piece, func(dst []byte) error { return s.read(ctx, n, dst) })
		if err != nil {
			return err
		}
	}
	return nil
}

// piece reads what is wanted of one piece, which load decodes; a piece that is not stored is ErrNotExist. The piece
// is known to the cache as number at of the object key.
func (r *reading) piece(ctx context.Context, key string, at int, place box, load func(dst []byte) error) error {
	part := r.want.intersect(place)
	size := r.m.pieceBytes()
	var data []byte
	var err error
	if c := r.a.options.cache; c != nil {
		data, err = c.get(ctx, cacheKey{r.a.path, key, at}, size, load)
	} else if direct := r.direct(place, part); direct != nil {
		err = load(direct)
	} else {
		b := r.a.buffers.take(size)
		defer r.a.buffers.put(b)
		data, err = b.b, load(b.b)
	}
	if errors.Is(err, store.ErrNotExist) {
		r.fill(part)
		return nil
	}
	if err != nil || data == nil {
		return err
	}
	nd.CopyBox(r.dst.Bytes(), r.dst.Shape(), sub(part.lo, r.origin), data, place.shape(), sub(part.lo, place.lo),
		part.shape(), r.m.DType.Size())
	if c := r.a.options.cache; c != nil {
		c.counted.used.Add(int64(nd.Len(part.shape()) * r.m.DType.Size()))
	}
	return nil
}

// fill sets a part of dst to the fill value.
func (r *reading) fill(part box) {
	fillBox(r.dst.Bytes(), r.dst.Shape(), sub(part.lo, r.origin), part.shape(), r.m.Fill.bytes(r.m.DType))
}

// direct returns the memory of dst that a piece can be decoded into without a copy, nil where there is none: the piece
// is wanted whole and lies in one run.
func (r *reading) direct(place, part box) []byte {
	if !part.equal(place) {
		return nil
	}
	shape, want := place.shape(), r.dst.Shape()
	first := 0 // the first axis that is not of length 1
	for first < len(shape) && shape[first] == 1 {
		first++
	}
	for d := first + 1; d < len(shape); d++ {
		if shape[d] != want[d] {
			return nil
		}
	}
	item, from := r.m.DType.Size(), 0
	for d, stride := range nd.Strides(want) {
		from += (part.lo[d] - r.origin[d]) * stride * item
	}
	to := from + r.m.pieceBytes()
	return r.dst.Bytes()[from:to:to]
}

// readChunk reads and decodes an object that is one piece.
func (a *Array) readChunk(ctx context.Context, m *Metadata, key string, dst []byte) error {
	b := a.buffers.take(0)
	defer a.buffers.put(b)
	raw, err := a.get(ctx, key, b.b, m.layout.maxEncoded())
	if errors.Is(err, store.ErrRange) {
		return a.corrupt(key, err)
	}
	if err != nil {
		return a.missing(key, err)
	}
	if cap(raw) > cap(b.b) {
		b.b = raw
	}
	if err := m.layout.decode(dst, raw); err != nil {
		return a.corrupt(key, err)
	}
	return nil
}

// missing turns ErrNotExist into an error that is not taken for fill values, where chunks are required.
func (a *Array) missing(key string, err error) error {
	if a.options.required && errors.Is(err, store.ErrNotExist) {
		return fmt.Errorf("%s: %w", a.chunkName(key), ErrMissingChunk)
	}
	return err
}

// A shardReader reads chunks of one shard by ranges; the index is read once, when it is first needed.
type shardReader struct {
	a     *Array
	m     *Metadata
	key   string
	index index
	err   error
}

// read decodes the n-th chunk of the shard.
func (s *shardReader) read(ctx context.Context, n int, dst []byte) error {
	if s.index == nil && s.err == nil {
		s.index, s.err = s.readIndex(ctx)
	}
	if s.err != nil {
		return s.err
	}
	shard := s.m.layout.shard
	from, length, ok, err := s.index.find(n)
	switch {
	case err != nil:
		return s.a.corrupt(s.key, err)
	case !ok:
		return store.ErrNotExist
	case length > int64(shard.inner.maxEncoded()):
		return s.a.corrupt(s.key, fmt.Errorf("shard index: chunk %d has %d bytes", n, length))
	}
	raw, err := s.a.store.GetRange(ctx, s.a.prefix+s.key, from, length)
	if err != nil {
		return s.damaged(err)
	}
	if err := shard.inner.decode(dst, raw); err != nil {
		return s.a.corrupt(s.key, fmt.Errorf("chunk %d of the shard: %w", n, err))
	}
	return nil
}

func (s *shardReader) readIndex(ctx context.Context) (index, error) {
	shard := s.m.layout.shard
	size, from := int64(shard.indexSize()), int64(0)
	if !shard.atStart {
		from = -size
	}
	raw, err := s.a.store.GetRange(ctx, s.a.prefix+s.key, from, size)
	if err != nil {
		return nil, s.damaged(s.a.missing(s.key, err))
	}
	list, err := shard.parseIndex(raw)
	if err != nil {
		return nil, s.a.corrupt(s.key, err)
	}
	return list, nil
}

// damaged marks a range that the object does not have as corruption.
func (s *shardReader) damaged(err error) error {
	if errors.Is(err, store.ErrRange) {
		return s.a.corrupt(s.key, err)
	}
	return err
}
