package zarr

import (
	"context"

	"volara/nd"
	"volara/zarr/store"
)

// index reads the shard's index, or finds it in the cache.
func (s *shardReader) index(ctx context.Context, at section) (index, error) {
	load := func() ([]byte, error) { return s.loadIndex(ctx, at) }
	c, size := s.r.a.options.cache, 16*nd.Len(s.l.shard.counts)
	switch {
	case c == nil:
		return load()
	case s.r.held:
		return c.getAlone(s.o.indexKey(s.depth, s.first), size, load)
	}
	return c.get(ctx, s.o.indexKey(s.depth, s.first), size, load)
}

// loadIndex takes no memory for an index that the shard cannot have.
func (s *shardReader) loadIndex(ctx context.Context, at section) ([]byte, error) {
	size, from := int64(s.l.shard.indexSize()), int64(0)
	if !s.l.shard.atStart {
		from = -size
	}
	encoded, err := at.read(ctx, nil, from, size)
	if err != nil {
		return nil, err
	}
	x := make([]byte, 16*nd.Len(s.l.shard.counts))
	if err := s.l.shard.decodeIndex(x, encoded); err != nil {
		return nil, s.r.a.corrupt(s.o.key, err)
	}
	return x, nil
}

// indexRoom waits until there is memory for the shard's index, and for those of the shards in it, as many at once as there
// are workers: a shard inside another one asks for nothing.
func (s *shardReader) indexRoom(ctx context.Context, at section) (*room, error) {
	b := s.r.bound
	if b == nil || s.depth > 0 {
		return nil, nil
	}
	if at.size >= 0 {
		if err := at.check(0, int64(s.l.shard.indexSize())); err != nil {
			return nil, s.r.a.corrupt(s.o.key, err)
		}
	}
	if one := s.l.indexBytes(1); one > b.bytes {
		if _, there, err := store.Size(ctx, s.r.a.store, s.r.a.prefix+s.o.key); err != nil || !there {
			return nil, s.r.a.missing(s.o.key, orNotExist(err))
		}
		return nil, b.tooLarge(s.o, one)
	}
	return b.indexes.take(ctx, s.l.indexBytes(cap(s.r.workers.idle)+1))
}

// orNotExist is the error of a value that is not there, unless there is another one.
func orNotExist(err error) error {
	if err == nil {
		return store.ErrNotExist
	}
	return err
}

// indexBytes returns the memory of a shard's index, as it is stored and decoded, and of those of so many shards at each
// level inside it.
func (l *layout) indexBytes(atOnce int) int64 {
	var bytes int64
	for n := 1; l.ranged(); n, l = atOnce, l.shard.inner {
		bytes += int64(n) * int64(16*nd.Len(l.shard.counts)+l.shard.indexSize())
	}
	return bytes
}
