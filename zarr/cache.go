package zarr

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

// A Cache keeps decoded chunks for all arrays that are given it, up to a number of bytes, and forgets those first that
// were not used for longest. Chunks that several readers want at once are decoded once. Missing chunks are not kept.
//
// A chunk that is kept is not looked at again: it must not change while it is, other than by Write of an array that is
// given the same cache. A cache lives as long as one run, whose inputs do not change.
type Cache struct {
	mu      sync.Mutex
	limit   int
	used    int
	entries map[cacheKey]*list.Element // of *cacheEntry
	recent  list.List                  // front: last used
	loading map[cacheKey]*load
	counted cacheCounters
}

// A cacheKey names a piece: the path of its array, the key of its object, its number in the object when that is a
// shard.
type cacheKey struct {
	array, object string
	piece         int
}

type cacheEntry struct {
	key  cacheKey
	data []byte
}

// A load is a chunk on its way in. data and err are set when done is closed.
type load struct {
	done  chan struct{}
	data  []byte
	err   error
	stale bool // written meanwhile: not to be kept
}

// NewCache returns a cache of at most so many bytes. With 0 nothing is kept, but chunks wanted at once are still
// decoded once.
func NewCache(bytes int) *Cache {
	return &Cache{limit: bytes, entries: map[cacheKey]*list.Element{}, loading: map[cacheKey]*load{}}
}

// Bytes returns how much memory the kept chunks take.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// get returns a chunk of size bytes, calling fill where nobody has it. The result is shared: nobody may change it.
func (c *Cache) get(ctx context.Context, key cacheKey, size int, fill func(dst []byte) error) ([]byte, error) {
	for {
		data, l, mine := c.find(key)
		switch {
		case data != nil:
			return data, nil
		case mine:
			c.run(key, l, size, fill)
			return l.data, l.err
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Another reader's cancellation is not ours.
		if !errors.Is(l.err, context.Canceled) && !errors.Is(l.err, context.DeadlineExceeded) {
			return l.data, l.err
		}
	}
}

// find returns a kept chunk, or the load to wait for, which is the caller's to run when mine is true.
func (c *Cache) find(key cacheKey) (data []byte, l *load, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.recent.MoveToFront(e)
		c.counted.hits.Add(1)
		return e.Value.(*cacheEntry).data, nil, false
	}
	if l, ok := c.loading[key]; ok {
		c.counted.hits.Add(1)
		return nil, l, false
	}
	c.counted.misses.Add(1)
	l = &load{done: make(chan struct{})}
	c.loading[key] = l
	return nil, l, true
}

// run loads a chunk and lets those go on that wait for it, also when fill panics.
func (c *Cache) run(key cacheKey, l *load, size int, fill func([]byte) error) {
	l.err = errors.New("loading a chunk panicked")
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.loading, key)
		if l.err == nil && !l.stale {
			c.keep(key, l.data)
		}
		close(l.done)
	}()
	data := make([]byte, size)
	if l.err = fill(data); l.err == nil {
		l.data = data
		c.counted.decoded.Add(int64(size))
	}
}

// keep stores a chunk and makes room for it; c.mu is held.
func (c *Cache) keep(key cacheKey, data []byte) {
	if len(data) > c.limit {
		return
	}
	c.entries[key] = c.recent.PushFront(&cacheEntry{key, data})
	c.used += len(data)
	for c.used > c.limit {
		c.drop(c.recent.Back())
		c.counted.evictions.Add(1)
	}
}

func (c *Cache) drop(e *list.Element) {
	entry := c.recent.Remove(e).(*cacheEntry)
	delete(c.entries, entry.key)
	c.used -= len(entry.data)
}

// forget drops what is kept of an object, which has so many pieces, and keeps loads under way from being kept.
func (c *Cache) forget(array, object string, pieces int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for piece := range pieces {
		key := cacheKey{array, object, piece}
		if l, ok := c.loading[key]; ok {
			l.stale = true
		}
		if e, ok := c.entries[key]; ok {
			c.drop(e)
		}
	}
}
