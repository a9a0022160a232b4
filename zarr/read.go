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
	a.workers().prefault(ctx, dst.Bytes())
	return dst, a.readInto(ctx, m, dst, offset)
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
	if !m.whole().contains(boxAt(offset, dst.Shape())) {
		clear(dst.Bytes())
	}
	return a.readInto(ctx, m, dst, offset)
}

// readInto reads what lies in the array; dst holds 0 where it does not.
func (a *Array) readInto(ctx context.Context, m *Metadata, dst *nd.Array, offset []int) error {
	want := boxAt(offset, dst.Shape()).intersect(m.whole())
	if want.empty() {
		return nil
	}
	r := reading{a: a, m: m, dst: dst, origin: offset, want: want, workers: a.workers(), bound: a.options.bound}
	objects := want.tiles(m.Chunks)
	err := r.workers.apart(ctx, objects.len(), func(ctx context.Context, i int) error { return r.object(ctx, objects.at(i)) })
	if err != nil {
		return fmt.Errorf("reading %s: %w", a.path, err)
	}
	return nil
}

// A reading is one ReadInto.
type reading struct {
	a       *Array
	m       *Metadata
	dst     *nd.Array
	origin  []int // the voxel of the array that dst starts at
	want    box   // what to read, within the array
	workers *workers
	bound   *bound // of the memory that is still to be had; nil: none
	held    bool   // memory is had, so that other readers are not to be waited for
}

// holding returns the reading for who has all the memory that it takes.
func (r *reading) holding() *reading {
	h := *r
	h.held, h.bound = r.held || r.bound != nil, nil
	return &h
}

// object reads what is wanted of one stored object.
func (r *reading) object(ctx context.Context, index []int) error {
	o := &object{a: r.a, key: r.m.keys.key(index)}
	defer o.close()
	place := tile(index, r.m.Chunks)
	if r.m.layout.ranged() {
		s := shardReader{r: r, o: o, l: r.m.layout, place: place, open: o.open}
		return s.read(ctx)
	}
	c := chunkReader{r: r, o: o, place: place}
	return c.read(ctx)
}

// A piece is what is decoded on its own: a chunk.
type piece struct {
	number int // in its object
	place  box // in the array
}

// A loader decodes at least the bytes from lo to hi of a piece into their place in dst, which has the piece's size.
type loader func(dst []byte, lo, hi int) error

// whole decodes all of a piece.
func (l loader) whole(dst []byte) error { return l(dst, 0, len(dst)) }

// An opening gets at what is stored of a piece: it calls do with the loader of it while there is memory for that, and for so
// many bytes of voxels. A piece that is not stored is ErrNotExist.
type opening func(ctx context.Context, voxels int64, do func(load loader) error) error

// piece copies what is wanted of a piece.
func (r *reading) piece(ctx context.Context, o *object, p piece, open opening) error {
	part := r.want.intersect(p.place)
	size := r.m.pieceBytes()
	var err error
	if r.a.options.cache != nil {
		var data []byte
		if data, err = r.cached(ctx, o, p, size, open); err == nil {
			r.copy(data, p.place, part)
		}
	} else if direct := r.direct(p.place, part); direct != nil {
		err = open(ctx, 0, func(load loader) error { return load.whole(direct) })
	} else {
		err = open(ctx, int64(size), func(load loader) error {
			b := r.a.buffers.take(size)
			defer r.a.buffers.put(b)
			lo, hi := r.extent(p.place, part)
			err := load(b.b, lo, hi)
			if err == nil {
				r.copy(b.b, p.place, part)
			}
			return err
		})
	}
	if errors.Is(err, store.ErrNotExist) {
		r.fill(part)
		return nil
	}
	return err
}

// cached returns a piece that the cache has, or gets.
func (r *reading) cached(ctx context.Context, o *object, p piece, size int, open opening) ([]byte, error) {
	load := func() (data []byte, err error) {
		err = open(ctx, int64(size), func(load loader) error {
			data = make([]byte, size)
			return load.whole(data)
		})
		return data, err
	}
	if r.held {
		return r.a.options.cache.getAlone(o.cacheKey(p), size, load)
	}
	return r.a.options.cache.get(ctx, o.cacheKey(p), size, load)
}

// extent returns where a part lies among the bytes of a place's voxels, from its first to its last.
func (r *reading) extent(place, part box) (lo, hi int) {
	for d, stride := range nd.Strides(place.shape()) {
		lo += (part.lo[d] - place.lo[d]) * stride
		hi += (part.hi[d] - 1 - place.lo[d]) * stride
	}
	return lo * r.m.DType.Size(), (hi + 1) * r.m.DType.Size()
}

// copy copies a part of the array from the voxels of a place that holds it.
func (r *reading) copy(data []byte, place, part box) {
	nd.CopyBox(r.dst.Bytes(), r.dst.Shape(), sub(part.lo, r.origin), data, place.shape(), sub(part.lo, place.lo),
		part.shape(), r.m.DType.Size())
	if c := r.a.options.cache; c != nil {
		c.counted.used.Add(int64(nd.Len(part.shape()) * r.m.DType.Size()))
	}
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
	return run(r.dst, r.origin, place)
}

// run returns the memory of a box in an array that starts at origin, nil where it is not one run.
func run(data *nd.Array, origin []int, b box) []byte {
	shape, whole := b.shape(), data.Shape()
	first := 0 // the first axis that is not of length 1
	for first < len(shape) && shape[first] == 1 {
		first++
	}
	for d := first + 1; d < len(shape); d++ {
		if shape[d] != whole[d] {
			return nil
		}
	}
	item, from := data.DType().Size(), 0
	for d, stride := range nd.Strides(whole) {
		from += (b.lo[d] - origin[d]) * stride * item
	}
	to := from + nd.Len(shape)*item
	return data.Bytes()[from:to:to]
}
