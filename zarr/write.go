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
	w := writing{a: a, m: m, data: data, box: boxAt(offset, data.Shape()), workers: a.workers()}
	if w.box.empty() {
		return nil
	}
	objects := w.box.tiles(m.Chunks)
	err := w.workers.apart(ctx, objects.len(), func(ctx context.Context, i int) error { return w.object(ctx, objects.at(i)) })
	if err != nil {
		return fmt.Errorf("writing %s: %w", a.path, err)
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
	a       *Array
	m       *Metadata
	data    *nd.Array
	box     box // of data, in the array
	workers *workers
}

// object writes what data holds of one stored object. Where that is only a part, it is changed under its lock.
func (w *writing) object(ctx context.Context, index []int) error {
	o := &object{a: w.a, key: w.m.keys.key(index)}
	place := tile(index, w.m.Chunks)
	if w.covers(place) {
		return w.put(ctx, o, place, nil)
	}
	if c, ok := w.a.store.(store.Changer); ok {
		return w.change(ctx, c, o, place)
	}
	if l, ok := w.a.store.(store.Locker); ok {
		unlock, err := l.Lock(ctx, w.a.prefix+o.key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	b := w.a.buffers.takeAny()
	defer w.a.buffers.put(b)
	old, err := w.a.get(ctx, o.key, b.b, w.m.layout.maxEncoded())
	switch {
	case errors.Is(err, store.ErrNotExist):
		return w.put(ctx, o, place, nil)
	case err != nil:
		return o.failed(err)
	}
	b.keep(old)
	return w.put(ctx, o, place, notNil(old))
}

// change changes a part of an object where the store knows how to do that without a lock.
func (w *writing) change(ctx context.Context, c store.Changer, o *object, place box) error {
	if c := w.a.options.cache; c != nil {
		defer c.forget(w.a.identity, o.key)
	}
	var out encoded
	defer func() { w.a.buffers.put(out.b) }()
	err := c.Change(ctx, w.a.prefix+o.key, int64(w.m.layout.maxEncoded()), func(old []byte) ([]byte, error) {
		w.a.buffers.put(out.b) // of a try before
		out = encoded{}
		e := encoding{w: w, l: w.m.layout, place: place, old: old, sparse: w.a.options.sparse}
		var err error
		if out, err = e.encode(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", w.a.chunkName(o.key), err)
		}
		return out.bytes, nil
	})
	if err != nil {
		return o.failed(err)
	}
	return nil
}

// covers reports whether data holds all of a place that lies inside the array.
func (w *writing) covers(place box) bool { return w.box.contains(place.intersect(w.m.whole())) }

// put stores an object; old is what is stored there now, nil where that is nothing or does not matter.
func (w *writing) put(ctx context.Context, o *object, place box, old []byte) error {
	if c := w.a.options.cache; c != nil {
		defer c.forget(w.a.identity, o.key)
	}
	e := encoding{w: w, l: w.m.layout, place: place, old: old, sparse: w.a.options.sparse}
	out, err := e.encode(ctx)
	defer w.a.buffers.put(out.b)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", w.a.chunkName(o.key), err)
	case out.bytes == nil:
		return w.a.store.Delete(ctx, w.a.prefix+o.key)
	}
	return w.a.store.Put(ctx, w.a.prefix+o.key, out.bytes)
}

// element returns the fill value's bytes.
func (w *writing) element() []byte { return w.m.Fill.bytes(w.m.DType) }

// notNil tells a value of no bytes from none.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
