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
	r, p := c.r, piece{0, c.place}
	part := r.want.intersect(c.place)
	if data := r.a.options.cache.peek(c.o.cacheKey(p)); data != nil {
		r.copy(data, c.place, part)
		return nil
	}
	s, err := c.o.open(ctx)
	switch {
	case errors.Is(err, store.ErrNotExist): // no memory is needed for it
		r.fill(part)
		return nil
	case err != nil:
		return err
	case s.size >= 0 && r.a.options.cache == nil && r.m.layout.plain():
		return r.plain(ctx, s, c.place, part)
	case s.size > int64(r.m.layout.maxEncoded()):
		return r.a.corrupt(c.o.key, fmt.Errorf("%d bytes where at most %d are due", s.size, r.m.layout.maxEncoded()))
	case s.size >= 0:
		return r.piece(ctx, c.o, p, func(ctx context.Context, voxels int64, do func(loader) error) error {
			return r.bound.within(ctx, c.o, s.size+voxels, func() error {
				return do(func(dst []byte, lo, hi int) error { return r.a.readChunk(ctx, r.m, s, dst, lo, hi) })
			})
		})
	}
	return r.piece(ctx, c.o, p, func(ctx context.Context, voxels int64, do func(loader) error) error {
		return c.o.fetch(ctx, r.bound, r.m.layout, voxels, func(raw []byte) error {
			return do(func(dst []byte, lo, hi int) error { return r.a.decode(r.m.layout, c.o.key, dst, raw, lo, hi) })
		})
	})
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
	room := min(most, part.hi[0]-part.lo[0]) * layer
	return r.bound.within(ctx, s.o, int64(room), func() error { return r.layers(ctx, s, place, part, layer, most, room) })
}

// layers copies a part of a chunk by so many layers of so many bytes at once, for which there is room.
func (r *reading) layers(ctx context.Context, s section, place, part box, layer, most, room int) error {
	b := r.a.buffers.take(room)
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

// readChunk reads and decodes an object that is one piece and open, and not too long, at least its bytes from lo to hi.
func (a *Array) readChunk(ctx context.Context, m *Metadata, s section, dst []byte, lo, hi int) error {
	b := a.buffers.take(int(s.size))
	defer a.buffers.put(b)
	raw, err := s.read(ctx, b.b, 0, s.size)
	if err != nil {
		return err
	}
	return a.decode(m.layout, s.o.key, dst, raw, lo, hi)
}

// decode decodes a chunk that is an object, at least its bytes from lo to hi.
func (a *Array) decode(l *layout, key string, dst, raw []byte, lo, hi int) error {
	if err := l.decodePart(dst, raw, lo, hi); err != nil {
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
