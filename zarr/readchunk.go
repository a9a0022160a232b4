package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/nd"
	"volara/zarr/store"
)

// A chunkReader reads what a reading wants of an object that is one piece.
type chunkReader struct {
	r     *reading
	o     *object
	place box
}

func (c *chunkReader) read(ctx context.Context) error {
	if c.r.a.options.cache == nil && c.r.m.layout.plain() {
		return c.plain(ctx)
	}
	return c.r.piece(ctx, c.o, piece{0, c.place}, func(dst []byte) error { return c.r.a.readChunk(ctx, c.r.m, c.o, dst) })
}

// plain reads voxels that are stored as they are in memory, without those that are not wanted where that is easy.
func (c *chunkReader) plain(ctx context.Context) error {
	part := c.r.want.intersect(c.place)
	s, err := c.o.open(ctx)
	if errors.Is(err, store.ErrNotExist) {
		c.r.fill(part)
		return nil
	}
	if err != nil {
		return err
	}
	if s.size < 0 {
		return c.r.piece(ctx, c.o, piece{0, c.place}, func(dst []byte) error { return c.r.a.readChunk(ctx, c.r.m, c.o, dst) })
	}
	return c.r.plain(ctx, s, c.place, part)
}

// plainRun is how many bytes plain reads at once, so that they are still near the processor when they are copied.
const plainRun = 256 << 10

// plain copies a part of a chunk, which lies at place, from a section that holds nothing but the chunk's voxels as they
// are in memory.
func (r *reading) plain(ctx context.Context, s section, place, part box) error {
	if want := int64(nd.Len(place.shape()) * r.m.DType.Size()); s.size != want {
		return r.a.corrupt(s.o.key, fmt.Errorf("%d bytes where the chunk has %d", s.size, want))
	}
	if direct := r.direct(place, part); direct != nil {
		_, err := s.read(ctx, direct, 0, s.size)
		return err
	}
	// Layers along the first axis, as many at once as plainRun allows.
	layer := int(s.size) / (place.hi[0] - place.lo[0])
	most := max(plainRun/layer, 1)
	b := r.a.buffers.take(min(most, part.hi[0]-part.lo[0]) * layer)
	defer r.a.buffers.put(b)
	for z := part.lo[0]; z < part.hi[0]; z += most {
		end := min(z+most, part.hi[0])
		slab := box{beginning(place.lo, z), beginning(place.hi, end)}
		raw, err := s.read(ctx, b.b, int64((z-place.lo[0])*layer), int64((end-z)*layer))
		if err != nil {
			return err
		}
		r.copy(raw, slab, slab.intersect(part))
	}
	return nil
}

// beginning returns a copy of a corner with another first coordinate.
func beginning(corner []int, first int) []int { return append([]int{first}, corner[1:]...) }

// readChunk reads and decodes an object that is one piece.
func (a *Array) readChunk(ctx context.Context, m *Metadata, o *object, dst []byte) error {
	s, err := o.open(ctx)
	if err != nil {
		return err
	}
	if s.size < 0 {
		b := a.buffers.takeAny()
		defer a.buffers.put(b)
		raw, err := a.get(ctx, o.key, b.b, m.layout.maxEncoded())
		if err != nil {
			return o.failed(err)
		}
		if _, ok := a.store.(store.BufferGetter); ok { // else they are the store's
			b.keep(raw)
		}
		return a.decode(m.layout, o.key, dst, raw)
	}
	if s.size > int64(m.layout.maxEncoded()) {
		return a.corrupt(o.key, fmt.Errorf("%d bytes where at most %d are due", s.size, m.layout.maxEncoded()))
	}
	b := a.buffers.take(int(s.size))
	defer a.buffers.put(b)
	raw, err := s.read(ctx, b.b, 0, s.size)
	if err != nil {
		return err
	}
	return a.decode(m.layout, o.key, dst, raw)
}

// decode decodes a chunk that is an object.
func (a *Array) decode(l *layout, key string, dst, raw []byte) error {
	if err := l.decode(dst, raw); err != nil {
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
