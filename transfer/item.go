package transfer

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
)

// An item is the copy of one array.
type item struct {
	name    string // below the root; "" is the root
	from    *volume.Array
	box     volume.Box // of from
	spec    zarr.Spec  // of the copy
	ofImage bool       // the copy brings along an image that it is a level of
	tile    []int      // of the copy: what is copied at once, whole objects

	cache    int64 // bytes of decoded chunks that are kept
	decoding int64 // bytes that chunks of the source take while they are decoded
	to       *zarr.Array
	stored   *objectSet // that were stored before

	coarse *coarser  // what a level of a pyramid is made by; nil for a copy
	seen   *extremes // nil where nothing is measured

	total         int64 // tiles
	done, skipped atomic.Int64
}

// bounded returns the source with a bound on the memory that its chunks take. It keeps decoded chunks of the source where pieces of work share them: where the objects of the copy do not line up
// with them.
func (o Options) bounded(ctx context.Context, it *item) (*volume.Array, error) {
	shared := false
	for d, n := range objectShape(it.spec) {
		if d >= len(it.box.Offset) || d >= len(it.from.Chunks) || it.spec.Shape[d] <= n && it.box.Offset[d] == 0 {
			continue
		}
		chunk := it.from.Chunks[d]
		shared = shared || it.box.Offset[d]%chunk != 0 || n%chunk != 0 && chunk%n != 0
	}
	var opts []zarr.Option
	if shared {
		it.cache = o.Memory / 4
		opts = append(opts, zarr.Cached(zarr.NewCache(int(it.cache))))
	}
	read := int64(it.extent(objectShape(it.spec))) * int64(it.from.DType().Size()+it.from.Scratch)
	it.decoding = it.decodingBytes(o.Memory - it.cache - read)
	if err := it.from.Array.Close(); err != nil { // what operations have opened
		return nil, err
	}
	return o.seen(ctx, it.from.Stored.With(append(opts, zarr.Bounded(it.decoding))...))
}

// blockBytes is the size of a tile that is worth its while.
const blockBytes = 32 << 20

// divide settles what is copied at once: whole objects of the copy, as many as hold a chunk of the source where the memory
// allows that, and more while they are small.
func (it *item) divide(o Options) error {
	whole := volume.Whole(it.spec.Shape)
	object := objectShape(it.spec)
	bytes := it.from.DType().Size() + it.from.Scratch + 2*it.spec.DType.Size() // read, converted, encoded
	least := it.extent(object)
	o.Memory -= it.cache
	if need := int64(least) * int64(bytes); need > o.Memory {
		return volume.Refuse("an object of %v voxels of %s takes %d MiB to make; allow that with --memory, or choose smaller --chunks or --shards",
			object, it.from.Path(), (need+it.cache)>>20+1)
	}
	it.decoding = min(it.decoding, o.Memory-int64(least)*int64(bytes)) // all of it is free while one object alone is read
	o.Memory -= it.decoding
	voxels := o.Limits.Voxels(bytes, 1<<40)
	it.tile = slices.Clone(object)
	for d := len(object) - 1; d >= 0; d-- {
		size := it.extent(it.tile)
		times := (it.from.Chunks[d] + object[d] - 1) / object[d]
		it.tile[d] *= max(1, min(times, voxels/max(1, size)))
	}
	inside := float64(tileVoxels(it.tile, it.spec.Shape)) / float64(it.extent(it.tile))
	it.tile = volume.Grow(it.tile, whole, int(inside*float64(min(voxels, it.most(o.Workers, bytes)))), nil)
	it.total = int64(whole.TileCount(it.tile))
	return nil
}

// most returns how many voxels a tile of so many bytes each has at most. Of a level of a pyramid, which is made of more
// than it has, there is something to do for all workers.
func (it *item) most(workers, bytes int) int {
	if it.coarse == nil {
		return blockBytes / bytes
	}
	return min(blockBytes/4/bytes, max(1, volume.Whole(it.spec.Shape).Len()/(4*max(1, workers))))
}

// extent returns the voxels that making a tile takes: whole chunks, also where they leave the array.
func (it *item) extent(tile []int) int {
	size := 1
	for d, n := range tile {
		chunk := it.spec.Chunks[d]
		chunks := (max(1, it.spec.Shape[d]) + chunk - 1) / chunk
		size *= min(n, chunks*chunk)
	}
	return size
}

// tileVoxels returns the voxels of the array that a tile has.
func tileVoxels(tile, shape []int) int {
	size := 1
	for d, n := range tile {
		size *= min(n, max(1, shape[d]))
	}
	return size
}

// decodingBytes is what chunks of the source may take while they are decoded, of so many bytes that are left: a quarter, or
// one chunk and what is stored of it.
func (it *item) decodingBytes(left int64) int64 {
	m := it.from.Stored.Metadata()
	return max(1, min(left, max(left/4, 2*int64(volume.Whole(m.Inner).Len()*m.DType.Size()))))
}

// workersFor returns how many tiles may be in work at once, so that they keep within the memory.
func (it *item) workersFor(l volume.Limits) int {
	l.Memory -= it.cache + it.decoding
	bytes := int64(it.from.DType().Size() + it.from.Scratch + 2*it.spec.DType.Size())
	voxels := int64(it.extent(it.tile))
	return int(max(1, min(int64(l.Workers), l.Memory/max(1, voxels*bytes))))
}

// tiles yields what is left to do.
func (it *item) tiles() iter.Seq[volume.Box] {
	return func(yield func(volume.Box) bool) {
		for t := range volume.Whole(it.spec.Shape).Tiles(it.tile) {
			if it.stored != nil && it.stored.all(t) {
				it.skipped.Add(1)
				it.done.Add(1)
				continue
			}
			if !yield(t) {
				return
			}
		}
	}
}

// copy copies one tile.
func (it *item) copy(ctx context.Context, t volume.Box, c Cast) error {
	at := slices.Clone(t.Offset)
	for d := range at {
		at[d] += it.box.Offset[d]
	}
	data, err := it.from.Box(ctx, volume.Box{Offset: at, Shape: t.Shape})
	if err != nil {
		return err
	}
	if data.DType() != it.spec.DType {
		out := nd.New(it.spec.DType, t.Shape...)
		if bad := convert(out, data, c); bad >= 0 {
			return fmt.Errorf("%s, voxel %v: %w", it.from.Path(), voxelAt(at, t.Shape, bad), refused(data, bad, it.spec.DType, c))
		}
		data = out
	}
	if it.seen != nil {
		it.seen.add(t, data)
	}
	if err := it.to.Write(ctx, t.Offset, data); err != nil {
		return err
	}
	it.done.Add(1)
	return nil
}

// voxelAt returns the place of the i-th voxel of a box.
func voxelAt(offset, shape []int, i int) []int {
	at := slices.Clone(offset)
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] += i % shape[d]
		i /= shape[d]
	}
	return at
}

// objectSet are the objects of an array that are stored.
type objectSet struct {
	shape, grid []int // of an object; of the grid of them
	words       map[int]uint64
}

// storedObjects lists what of an array is stored.
func storedObjects(ctx context.Context, a *zarr.Array) (*objectSet, error) {
	m := a.Metadata()
	s := &objectSet{shape: m.Chunks, grid: make([]int, len(m.Shape)), words: map[int]uint64{}}
	for d := range s.grid {
		s.grid[d] = (m.Shape[d] + m.Chunks[d] - 1) / m.Chunks[d]
	}
	for o, err := range a.Objects(ctx) {
		if err != nil {
			return nil, err
		}
		i := s.number(o.Index)
		s.words[i/64] |= 1 << (i % 64)
	}
	return s, nil
}

func (s *objectSet) number(index []int) int {
	n := 0
	for d, i := range index {
		n = n*s.grid[d] + i
	}
	return n
}

// all reports whether all objects of a tile are stored.
func (s *objectSet) all(t volume.Box) bool {
	for piece := range t.Tiles(s.shape) {
		index := slices.Clone(piece.Offset)
		for d := range index {
			index[d] /= s.shape[d]
		}
		if i := s.number(index); s.words[i/64]>>(i%64)&1 == 0 {
			return false
		}
	}
	return true
}
