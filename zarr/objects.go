package zarr

import (
	"context"
	"fmt"
	"iter"
	"strings"
)

// Objects yields the place of every stored object (chunk or shard) in the grid of them, in no particular order, with its
// size in bytes, and ends after yielding an error. Other files are not among them. The vector is the caller's.
func (a *Array) Objects(ctx context.Context) iter.Seq2[StoredObject, error] {
	return func(yield func(StoredObject, error) bool) {
		m := a.metadata()
		grid := m.whole().tiles(m.Chunks).hi
		for e, err := range a.store.List(ctx, a.prefix) {
			if err != nil {
				yield(StoredObject{}, fmt.Errorf("listing the chunks of %s: %w", a.path, err))
				return
			}
			index, ok := m.keys.index(strings.TrimPrefix(e.Key, a.prefix), grid)
			if ok && !yield(StoredObject{index, e.Size}, nil) {
				return
			}
		}
	}
}

// A StoredObject is a chunk, or a shard, as it is stored.
type StoredObject struct {
	Index []int // in the grid of objects
	Bytes int64
}
