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
	at, err := s.section(ctx, len(todo))
	if err == nil {
		err = s.chunks(ctx, at, todo)
	}
	if errors.Is(err, store.ErrNotExist) {
		s.r.fill(s.r.want.intersect(s.place))
		return nil
	}
	return err
}

// section opens the shard, of which so many chunks are wanted. Where that takes requests, a small shard of which most is
// wanted is read whole.
func (s *shardReader) section(ctx context.Context, wanted int) (section, error) {
	_, span := s.r.a.coalescing()
	if _, ok := s.r.a.store.(store.Opener); ok || s.depth > 0 || s.l.size() > int(span) || 2*wanted < nd.Len(s.l.shard.counts) {
		return s.open(ctx)
	}
	return s.o.fetch(ctx, s.l.maxEncoded())
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
	from, last := group[0].from, group[len(group)-1]
	if e := group[0]; len(group) == 1 && s.r.a.options.cache == nil && inner.plain() && at.o.value != nil {
		return s.r.plain(ctx, at.sub(e.from, e.size), e.place, s.r.want.intersect(e.place))
	}
	var raw []byte
	var b *buffer
	defer func() { s.r.a.buffers.put(b) }()
	for _, e := range group {
		load := func(dst []byte, lo, hi int) (err error) {
			if raw == nil {
				b = s.r.a.buffers.take(int(last.from + last.size - from))
				if raw, err = at.read(ctx, b.b, from, last.from+last.size-from); err != nil {
					return err
				}
			}
			if err := inner.decodePart(dst, raw[e.from-from:e.from-from+e.size], lo, hi); err != nil {
				return s.r.a.corrupt(s.o.key, fmt.Errorf("chunk %d of the shard: %w", e.number, err))
			}
			return nil
		}
		if err := s.r.piece(ctx, s.o, s.inObject(e.piece, 1), e.size, load); err != nil {
			return err
		}
	}
	return nil
}

// index reads the shard's index, or finds it in the cache.
func (s *shardReader) index(ctx context.Context, at section) (index, error) {
	size := 16 * nd.Len(s.l.shard.counts)
	load := func(dst []byte) error { return s.loadIndex(ctx, at, dst) }
	if c := s.r.a.options.cache; c != nil {
		data, err := c.get(ctx, s.o.indexKey(s.depth, s.first), size, load)
		return data, err
	}
	data := make([]byte, size)
	return data, load(data)
}

func (s *shardReader) loadIndex(ctx context.Context, at section, dst []byte) error {
	size, from := int64(s.l.shard.indexSize()), int64(0)
	if !s.l.shard.atStart {
		from = -size
	}
	encoded, err := at.read(ctx, nil, from, size)
	if err != nil {
		return err
	}
	if err := s.l.shard.decodeIndex(dst, encoded); err != nil {
		return s.r.a.corrupt(s.o.key, err)
	}
	return nil
}
