package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/fault"
	"volara/nd"
	"volara/zarr/store"
)

// Write stores data's voxels from offset on; the box must lie in the array and data's type must be the array's.
//
// Each chunk (or shard) is replaced as a whole or not at all. One that the box covers only in part is read, changed and
// written back, so that nobody's change in between is lost, as far as the store can see to that (see store.Change). A repeated Write stores the
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

// object writes what data holds of one stored object. Where that is only a part, the object is changed (see store.Change).
func (w *writing) object(ctx context.Context, index []int) error {
	key, place := w.m.keys.key(index), tile(index, w.m.Chunks)
	if c := w.a.options.cache; c != nil {
		defer c.forget(w.a.identity, key)
	}
	if w.covers(place) {
		return w.put(ctx, key, place)
	}
	return w.change(ctx, key, place)
}

// change changes a part of an object.
func (w *writing) change(ctx context.Context, key string, place box) error {
	b := w.a.buffers.takeAny()
	defer w.a.buffers.put(b)
	var out encoded
	defer func() { w.a.buffers.put(out.b) }()
	err := store.Change(ctx, w.a.Node(), key, int64(w.m.layout.maxEncoded()), b.b, func(old []byte) (_ []byte, err error) {
		b.keep(old)
		w.a.buffers.put(out.b) // of a try before
		out, err = w.encode(ctx, key, place, old)
		return out.bytes, err
	})
	if errors.Is(err, store.ErrRange) {
		return w.a.corrupt(key, err)
	}
	return err
}

// CheckLocks returns an error where writes of parts of one chunk, by several processes, could lose voxels: the store
// cannot lock its objects against other processes.
func (a *Array) CheckLocks(ctx context.Context) error {
	if c, ok := a.store.(store.LockChecker); ok {
		return c.CheckLocks(ctx, a.prefix)
	}
	return fault.Permanent(fmt.Errorf("%s cannot be locked against other processes", a.path))
}

// covers reports whether data holds all of a place that lies inside the array.
func (w *writing) covers(place box) bool { return w.box.contains(place.intersect(w.m.whole())) }

// put stores an object that data holds all of.
func (w *writing) put(ctx context.Context, key string, place box) error {
	out, err := w.encode(ctx, key, place, nil)
	defer w.a.buffers.put(out.b)
	switch {
	case err != nil:
		return err
	case out.bytes == nil:
		return w.a.store.Delete(ctx, w.a.prefix+key)
	}
	return w.a.store.Put(ctx, w.a.prefix+key, out.bytes)
}

// encode makes the bytes of an object; old is what is stored there now, nil where that is nothing or does not matter.
func (w *writing) encode(ctx context.Context, key string, place box, old []byte) (encoded, error) {
	e := encoding{w: w, l: w.m.layout, place: place, old: old, sparse: w.a.options.sparse}
	out, err := e.encode(ctx)
	if err != nil {
		return encoded{}, fmt.Errorf("%s: %w", w.a.chunkName(key), err)
	}
	return out, nil
}

// element returns the fill value's bytes.
func (w *writing) element() []byte { return w.m.Fill.bytes(w.m.DType) }
