package zarr

import (
	"context"
	"fmt"

	"volara/fault"
	"volara/nd"
)

// An encoding makes the bytes of one chunk, or one shard, from what a writing holds of it.
type encoding struct {
	w      *writing
	l      *layout
	place  box    // in the array
	old    []byte // what is stored now; nil where that is nothing or does not matter
	sparse bool   // nothing is made of a chunk that holds nothing but the fill value
}

// encoded are the bytes of a chunk, nil where it is not to be stored, and the buffer to put back after them, if any.
type encoded struct {
	bytes []byte
	b     *buffer
}

// encode makes the bytes.
func (e *encoding) encode(ctx context.Context) (encoded, error) {
	if e.l.ranged() {
		return e.shard(ctx)
	}
	buffers := e.w.a.buffers
	voxels, v, err := e.voxels()
	if err != nil || e.sparse && isFilled(voxels, e.w.element()) {
		buffers.put(v)
		return encoded{}, err
	}
	if e.l.plain() {
		return encoded{voxels, v}, nil
	}
	defer buffers.put(v)
	b := buffers.take(e.l.maxUsual())
	out, err := e.l.encode(b.b[:0], voxels)
	if err != nil {
		buffers.put(b)
		return encoded{}, err
	}
	b.keep(out)
	return encoded{out, b}, nil
}

// voxels returns the chunk's voxels and the buffer that they lie in; none where data has them in one run.
func (e *encoding) voxels() ([]byte, *buffer, error) {
	w := e.w
	part := w.box.intersect(e.place)
	if part.equal(e.place) {
		if voxels := run(w.data, w.box.lo, e.place); voxels != nil {
			return voxels, nil, nil
		}
	}
	b := w.a.buffers.take(e.l.size())
	switch {
	case e.old != nil && !w.covers(e.place):
		if err := e.l.decode(b.b, e.old); err != nil {
			return nil, b, fault.Permanent(fmt.Errorf("corrupt or truncated chunk: %w", err))
		}
	case !part.equal(e.place):
		repeat(b.b, w.element())
	}
	nd.CopyBox(b.b, e.l.shape, sub(part.lo, e.place.lo), w.data.Bytes(), w.data.Shape(), sub(part.lo, w.box.lo),
		part.shape(), w.m.DType.Size())
	return b.b, b, nil
}

// shard makes a shard: its chunks are encoded by several workers and put one after the other as they become ready. Old
// ones that data does not meet stay as they are.
func (e *encoding) shard(ctx context.Context) (encoded, error) {
	s, buffers := e.l.shard, e.w.a.buffers
	old, err := e.oldIndex()
	if err != nil {
		return encoded{}, err
	}
	b := buffers.takeAny()
	q := &shardQueue{w: s.newWriter(b.b), ready: map[int]encoded{}, release: buffers.put}
	tiles := box{make([]int, len(s.counts)), s.counts}
	err = e.w.workers.each(ctx, nd.Len(s.counts), func(ctx context.Context, i int) error {
		c, err := e.chunk(ctx, old, i, tiles.at(i))
		if err != nil {
			return fmt.Errorf("chunk %d of the shard: %w", i, err)
		}
		q.add(i, c)
		return nil
	})
	var out []byte
	if err == nil && !(e.sparse && q.w.empty) {
		out, err = q.w.finish()
	}
	if b.keep(q.w.out); err != nil || out == nil {
		buffers.put(b)
		return encoded{}, err
	}
	b.keep(out)
	return encoded{out, b}, nil
}

// oldIndex returns the index of the old shard; nil where there is none.
func (e *encoding) oldIndex() (index, error) {
	if e.old == nil {
		return nil, nil
	}
	x, err := e.l.shard.indexOf(e.old)
	if err != nil {
		return nil, fault.Permanent(fmt.Errorf("corrupt or truncated shard: %w", err))
	}
	return x, nil
}

// chunk encodes the i-th chunk of the shard, or takes the old one.
func (e *encoding) chunk(ctx context.Context, old index, i int, at []int) (encoded, error) {
	inner := e.l.shard.inner
	local := tile(at, inner.shape)
	c := encoding{w: e.w, l: inner, place: box{add(local.lo, e.place.lo), add(local.hi, e.place.lo)}, sparse: true}
	if old != nil && !e.w.covers(c.place) {
		var err error
		if c.old, err = e.l.shard.chunkOf(e.old, old, i); err != nil {
			return encoded{}, fault.Permanent(fmt.Errorf("corrupt or truncated shard: %w", err))
		}
	}
	if e.w.box.intersect(c.place).empty() {
		return encoded{c.old, nil}, nil
	}
	return c.encode(ctx)
}
