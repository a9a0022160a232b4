package zarr

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"volara/nd"
	"volara/zarr/store"
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

// OpenNode opens the array at a node, or a level of the image there, as Open does at a location. Closing the array closes
// the node's store.
func OpenNode(ctx context.Context, n *store.Node, opts ...Option) (*Array, error) {
	return openImage(ctx, n, n.String(), opts)
}

// Check tells what would make Create refuse the Spec.
func (s Spec) Check() error {
	_, err := s.encode()
	return err
}

// ParseFill reads a fill value as metadata files or people write it: a number, true, NaN, Infinity, 0x7fc00000.
func ParseFill(text string, t nd.DType) (Fill, error) {
	text = strings.TrimSpace(text)
	raw := json.RawMessage(text)
	if !json.Valid(raw) {
		raw, _ = json.Marshal(text) // a word
	}
	if string(raw) == "null" || text == "" {
		return Fill{}, fmt.Errorf("%q is not a value of type %v", text, t)
	}
	return parseFill(raw, t)
}
