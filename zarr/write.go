package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/nd"
	"volara/zarr/store"
)

// Write stores data's voxels from offset on; the box must lie in the array and data's type must be the array's.
//
// Each chunk (or shard) is replaced as a whole or not at all. One that the box covers only in part is read, changed and
// written back, under a lock that other users of the store respect (see store.Locker). A repeated Write stores the
// same bytes again.
func (a *Array) Write(ctx context.Context, offset []int, data *nd.Array) error {
	m := a.metadata()
	if err := m.checkWrite(offset, data); err != nil {
		return fmt.Errorf("writing %s: %w", a.path, err)
	}
	w := writing{a: a, m: m, data: data, box: boxAt(offset, data.Shape())}
	if w.box.empty() {
		return nil
	}
	objects := w.box.tiles(m.Chunks)
	for index := range indices(objects.lo, objects.hi) {
		if err := w.object(ctx, index); err != nil {
			return fmt.Errorf("writing %s: %w", a.path, err)
		}
	}
	return nil
}

func (m *Metadata) checkWrite(offset []int, data *nd.Array) error {
	if err := m.checkBox(offset, data.Shape()); err != nil {
		return err
	}
	if b := boxAt(offset, data.Shape()); !b.empty() && !m.whole().contains(b) {
		return fmt.Errorf("box %v+%v leaves the array of shape %v", offset, data.Shape(), m.Shape)
	}
	if data.DType() != m.DType {
		return fmt.Errorf("it holds %v, not %v", m.DType, data.DType())
	}
	return nil
}

// A writing is one Write.
type writing struct {
	a    *Array
	m    *Metadata
	data *nd.Array
	box  box // of data, in the array
}

// object writes what data holds of one stored object.
func (w *writing) object(ctx context.Context, index []int) error {
	key, place := w.m.keys.key(index), tile(index, w.m.Chunks)
	inside := place.intersect(w.m.whole())
	if w.box.contains(inside) {
		return w.replace(ctx, key, place, inside)
	}
	if l, ok := w.a.store.(store.Locker); ok {
		unlock, err := l.Lock(ctx, w.a.prefix+key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	return w.change(ctx, key, place)
}

// replace writes an object of which data holds all that lies inside the array.
func (w *writing) replace(ctx context.Context, key string, place, inside box) error {
	if w.box.equal(place) {
		return w.put(ctx, key, w.data.Bytes())
	}
	b := w.a.buffers.take(w.m.layout.size())
	defer w.a.buffers.put(b)
	if !inside.equal(place) {
		repeat(b.b, w.element())
	}
	w.overlay(b.b, place, inside)
	return w.put(ctx, key, b.b)
}

// change writes an object of which data holds a part.
func (w *writing) change(ctx context.Context, key string, place box) error {
	b := w.a.buffers.take(w.m.layout.size())
	defer w.a.buffers.put(b)
	plain := w.a.With(func(o *options) { o.required = false })
	err := plain.readChunk(ctx, w.m, key, b.b)
	switch {
	case errors.Is(err, store.ErrNotExist):
		repeat(b.b, w.element())
	case err != nil:
		return err
	}
	w.overlay(b.b, place, place.intersect(w.box))
	return w.put(ctx, key, b.b)
}

// overlay copies a part of data into an object's voxels.
func (w *writing) overlay(dst []byte, place, part box) {
	nd.CopyBox(dst, place.shape(), sub(part.lo, place.lo), w.data.Bytes(), w.data.Shape(), sub(part.lo, w.box.lo),
		part.shape(), w.m.DType.Size())
}

// put encodes and stores an object.
func (w *writing) put(ctx context.Context, key string, voxels []byte) error {
	if c := w.a.options.cache; c != nil {
		defer c.forget(w.a.path, key, w.m.layout.pieces())
	}
	if w.a.options.sparse && isFilled(voxels, w.element()) {
		return w.a.store.Delete(ctx, w.a.prefix+key)
	}
	b := w.a.buffers.take(0)
	defer w.a.buffers.put(b)
	encoded, err := w.m.layout.encode(b.b, voxels)
	if err != nil {
		return fmt.Errorf("%s: %w", w.a.chunkName(key), err)
	}
	if len(w.m.layout.codecs) > 0 && cap(encoded) > cap(b.b) {
		b.b = encoded
	}
	return w.a.store.Put(ctx, w.a.prefix+key, encoded)
}

// element returns the fill value's bytes.
func (w *writing) element() []byte { return w.m.Fill.bytes(w.m.DType) }
