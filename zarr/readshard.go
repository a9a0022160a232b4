package zarr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"volara/nd"
	"volara/zarr/store"
)

// A shardReader reads what a reading wants of one shard, by ranges; of shards inside it likewise.
type shardReader struct {
	r     *reading
	o     *object
	l     *layout                                // of the shard
	place box                                    // of the shard, in the array
	first int                                    // the number of its first piece in the object
	depth int                                    // how many shards it lies in
	open  func(context.Context) (section, error) // its bytes
}

func (s *shardReader) read(ctx context.Context) error {
	todo := s.wanted()
	if len(todo) == 0 {
		return nil
	}
	var err error
	if s.fetches(len(todo)) {
		err = s.fetch(ctx, todo)
	} else {
		var at section
		if at, err = s.open(ctx); err == nil {
			err = s.chunks(ctx, at, todo)
		}
	}
	if errors.Is(err, store.ErrNotExist) {
		s.r.fill(s.r.want.intersect(s.place))
		return nil
	}
	return err
}

// fetches reports whether the shard, of which so many chunks are wanted, is read whole: where reading takes requests, one
// that is small, and wanted for the most part.
func (s *shardReader) fetches(wanted int) bool {
	_, span := s.r.a.coalescing()
	_, opens := s.r.a.store.(store.Opener)
	small := s.l.size() <= int(span) && 2*wanted >= nd.Len(s.l.shard.counts)
	return !opens && s.depth == 0 && small && (s.r.bound == nil || int64(s.l.maxEncoded()+s.l.size()) <= s.r.bound.bytes)
}

// fetch reads chunks of the shard from all of it, while there is memory for all of their voxels.
func (s *shardReader) fetch(ctx context.Context, todo []piece) error {
	return s.o.fetch(ctx, s.r.bound, s.l, int64(s.l.size()), func(raw []byte) error {
		s.o.value = store.NewValue(raw)
		held := *s
		held.r = s.r.holding()
		return held.chunks(ctx, section{s.o, 0, int64(len(raw))}, todo)
	})
}

// wanted returns the chunks that hold something wanted. Those that the cache has are dealt with at once.
func (s *shardReader) wanted() []piece {
	inner := s.l.shard.inner
	per := inner.pieces()
	want := s.r.want.intersect(s.place)
	local := box{sub(want.lo, s.place.lo), sub(want.hi, s.place.lo)}
	tiles := local.tiles(inner.shape)
	todo := make([]piece, 0, tiles.len())
	for at := range indices(tiles.lo, tiles.hi) {
		place := tile(at, inner.shape)
		p := piece{s.l.shard.number(place.lo), box{add(place.lo, s.place.lo), add(place.hi, s.place.lo)}}
		if !inner.ranged() {
			if data := s.r.a.options.cache.peek(s.o.cacheKey(s.inObject(p, per))); data != nil {
				s.r.copy(data, p.place, s.r.want.intersect(p.place))
				continue
			}
		}
		todo = append(todo, p)
	}
	return todo
}

// inObject renumbers a chunk of the shard, which holds so many pieces, within the object.
func (s *shardReader) inObject(p piece, per int) piece { return piece{s.first + p.number*per, p.place} }

// An extent is where a chunk lies in its shard.
type extent struct {
	piece
	from, size int64
}

// chunks reads chunks of the shard, which is a section.
func (s *shardReader) chunks(ctx context.Context, at section, todo []piece) error {
	room, err := s.indexRoom(ctx, at)
	defer room.keep(0)
	if err != nil {
		return err
	}
	x, err := s.index(ctx, at)
	if err != nil {
		return err
	}
	list := make([]extent, 0, len(todo))
	for _, p := range todo {
		from, size, ok, err := x.find(p.number)
		if err == nil && ok {
			err = s.l.shard.checkExtent(p.number, from, size, at.size)
		}
		switch {
		case err != nil:
			return s.r.a.corrupt(s.o.key, err)
		case !ok:
			s.r.fill(s.r.want.intersect(p.place))
		default:
			list = append(list, extent{p, from, size})
		}
	}
	groups, err := s.group(list)
	if err != nil {
		return s.r.a.corrupt(s.o.key, err)
	}
	return s.r.workers.apart(ctx, len(groups), func(ctx context.Context, i int) error { return s.extents(ctx, at, groups[i]) })
}

// group orders chunks as they lie in the shard and puts those together that are read at once.
func (s *shardReader) group(list []extent) ([][]extent, error) {
	slices.SortFunc(list, func(a, b extent) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.size, b.size)) })
	gap, span := s.r.a.coalescing()
	if s.r.bound != nil {
		span = min(span, s.r.bound.bytes/4, max(s.r.bound.bytes-int64(s.r.m.pieceBytes()), 0))
	}
	var groups [][]extent
	start, end := 0, int64(-1)
	for i, e := range list {
		same := i > 0 && e.from == list[i-1].from && e.size == list[i-1].size
		if i > 0 && e.from < end && !same {
			return nil, fmt.Errorf("shard index: chunks %d and %d share bytes", list[i-1].number, e.number)
		}
		if i > start && (s.l.shard.inner.ranged() || e.from-end > gap || e.from+e.size-list[start].from > span) {
			groups, start = append(groups, list[start:i]), i
		}
		end = max(end, e.from+e.size)
	}
	if len(list) > 0 {
		groups = append(groups, list[start:])
	}
	return groups, nil
}

// coalescing returns how many bytes that nobody wants are read to save a read, and how many are read at once.
func (a *Array) coalescing() (gap, span int64) {
	if _, ok := a.store.(store.Opener); ok {
		return 4 << 10, 256 << 10
	}
	return 64 << 10, 4 << 20
}

// extents reads a group of chunks.
func (s *shardReader) extents(ctx context.Context, at section, group []extent) error {
	inner := s.l.shard.inner
	if inner.ranged() {
		e := group[0]
		nested := shardReader{r: s.r, o: s.o, l: inner, place: e.place, first: s.first + e.number*inner.pieces(), depth: s.depth + 1,
			open: func(context.Context) (section, error) { return at.sub(e.from, e.size), nil }}
		return nested.read(ctx)
	}
	if e := group[0]; len(group) == 1 && s.r.a.options.cache == nil && inner.plain() && at.o.value != nil {
		return s.r.plain(ctx, at.sub(e.from, e.size), e.place, s.r.want.intersect(e.place))
	}
	last := group[len(group)-1]
	run := section{at.o, at.from + group[0].from, last.from + last.size - group[0].from}
	if len(group) == 1 {
		return s.r.piece(ctx, s.o, s.inObject(last.piece, 1), func(ctx context.Context, voxels int64, do func(loader) error) error {
			return s.r.bound.within(ctx, s.o, run.size+voxels, func() error {
				k := &chunkRun{s: s, at: run, from: last.from}
				defer k.close()
				return do(k.loader(ctx, last))
			})
		})
	}
	return s.r.bound.within(ctx, s.o, run.size+int64(s.r.m.pieceBytes()), func() error {
		r := s.r.holding()
		k := &chunkRun{s: s, at: run, from: group[0].from}
		defer k.close()
		for _, e := range group {
			err := r.piece(ctx, s.o, s.inObject(e.piece, 1), func(ctx context.Context, _ int64, do func(loader) error) error {
				return do(k.loader(ctx, e))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// A chunkRun is the bytes of chunks that lie together in a shard, read when the first is wanted.
type chunkRun struct {
	s    *shardReader
	at   section
	from int64 // where it begins in the shard
	raw  []byte
	b    *buffer
}

// loader returns that of one of the chunks.
func (k *chunkRun) loader(ctx context.Context, e extent) loader {
	return func(dst []byte, lo, hi int) error {
		if err := k.read(ctx); err != nil {
			return err
		}
		encoded := k.raw[e.from-k.from:][:e.size]
		if err := k.s.l.shard.inner.decodePart(dst, encoded, lo, hi); err != nil {
			return k.s.r.a.corrupt(k.s.o.key, fmt.Errorf("chunk %d of the shard: %w", e.number, err))
		}
		return nil
	}
}

func (k *chunkRun) read(ctx context.Context) (err error) {
	if k.raw != nil {
		return nil
	}
	var buf []byte
	if k.at.o.value != nil { // else the store brings its own
		k.b = k.s.r.a.buffers.take(int(k.at.size))
		buf = k.b.b
	}
	k.raw, err = k.at.read(ctx, buf, 0, k.at.size)
	return err
}

func (k *chunkRun) close() { k.s.r.a.buffers.put(k.b) }
