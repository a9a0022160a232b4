package zarr

import (
	"context"
	"fmt"
	"sync"

	"volara/nd"
)

// WriteFill stores the fill value in the box of the given shape from offset, which must lie in the array: what Write of
// such voxels would store, without their memory. Chunks (or shards) that the box covers are stored from bytes that are
// encoded once as long as the array is open; of others, the part in the box is changed as Write does.
func (a *Array) WriteFill(ctx context.Context, offset, shape []int) error {
	m := a.metadata()
	if err := m.checkBox(offset, shape); err != nil {
		return fmt.Errorf("writing %s: %w", a.path, err)
	}
	b := boxAt(offset, shape)
	if b.empty() {
		return nil
	}
	if !m.whole().contains(b) {
		return fmt.Errorf("writing %s: box %v+%v leaves the array of shape %v", a.path, offset, shape, m.Shape)
	}
	objects := b.tiles(m.Chunks)
	for index := range indices(objects.lo, objects.hi) {
		if err := a.blankObject(ctx, m, index, b); err != nil {
			return fmt.Errorf("writing %s: %w", a.path, err)
		}
	}
	return nil
}

// blankObject stores the fill value in what a box covers of a stored object.
func (a *Array) blankObject(ctx context.Context, m *Metadata, index []int, b box) error {
	inside := tile(index, m.Chunks).intersect(m.whole())
	if !b.contains(inside) {
		part := inside.intersect(b)
		w := writing{a: a, m: m, data: nd.New(m.DType, part.shape()...), box: part, workers: a.workers()}
		repeat(w.data.Bytes(), w.element())
		return w.object(ctx, index)
	}
	key := m.keys.key(index)
	if c := a.options.cache; c != nil {
		defer c.forget(a.identity, key)
	}
	if a.options.sparse {
		return a.store.Delete(ctx, a.prefix+key)
	}
	encoded, err := a.state.blank.encode(m)
	if err != nil {
		return fmt.Errorf("%s: %w", a.chunkName(key), err)
	}
	return a.store.Put(ctx, a.prefix+key, encoded)
}

// A blank is an encoded object that holds nothing but the fill value. Nobody may change its bytes.
type blank struct {
	once    sync.Once
	encoded []byte
	err     error
}

func (b *blank) encode(m *Metadata) ([]byte, error) {
	b.once.Do(func() {
		if m.layout.ranged() {
			b.encoded, b.err = m.layout.shard.newWriter(nil).finish()
			return
		}
		voxels := make([]byte, m.layout.size())
		repeat(voxels, m.Fill.bytes(m.DType))
		b.encoded, b.err = m.layout.encode(nil, voxels)
	})
	return b.encoded, b.err
}
