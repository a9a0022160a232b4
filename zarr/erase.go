package zarr

import (
	"context"
	"fmt"

	"volara/zarr/store"
)

// Erased is what Erase has removed: objects (chunks or shards, a file each in a directory) and their bytes.
type Erased struct {
	Objects int64
	Bytes   int64 // as stored; 0 where the store does not tell
}

// Add returns the sum of both.
func (e Erased) Add(o Erased) Erased { return Erased{e.Objects + o.Objects, e.Bytes + o.Bytes} }

// Erase removes the chunks (or shards) that hold nothing but voxels of the box of the given shape from offset; voxels
// of others stay. What is not stored is no error, so that it may be repeated. Afterwards the voxels read as the fill
// value, or as an error where chunks are Required. Nobody may write into the box meanwhile.
func (a *Array) Erase(ctx context.Context, offset, shape []int) (Erased, error) {
	var all Erased
	m := a.metadata()
	if err := m.checkBox(offset, shape); err != nil {
		return all, fmt.Errorf("erasing chunks of %s: %w", a.path, err)
	}
	want := boxAt(offset, shape).intersect(m.whole())
	if want.empty() {
		return all, nil
	}
	objects := want.tiles(m.Chunks)
	for index := range indices(objects.lo, objects.hi) {
		if !want.contains(tile(index, m.Chunks).intersect(m.whole())) {
			continue
		}
		one, err := a.erase(ctx, m, m.keys.key(index))
		all = all.Add(one)
		if err != nil {
			return all, fmt.Errorf("erasing chunks of %s: %w", a.path, err)
		}
	}
	return all, nil
}

// erase removes one object.
func (a *Array) erase(ctx context.Context, m *Metadata, key string) (Erased, error) {
	size, there, err := store.Size(ctx, a.store, a.prefix+key)
	if err != nil || !there {
		return Erased{}, err
	}
	if err := a.store.Delete(ctx, a.prefix+key); err != nil {
		return Erased{}, err
	}
	if c := a.options.cache; c != nil {
		c.forget(a.identity, key)
	}
	return Erased{1, size}, nil
}
