package zarr

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// A Cache keeps decoded chunks, and the indexes of shards, for all arrays that are given it, up to a number of bytes, and
// forgets those first that were not used for longest. Chunks that several readers want at once are decoded once. Missing
// chunks are not kept. Those on their way in count as kept: what is kept makes room for them before they are decoded.
//
// A chunk that is kept is not looked at again: it must not change while it is, other than by Write of an array that is
// given the same cache. A cache lives as long as one run, whose inputs do not change.
type Cache struct {
	mu      sync.Mutex
	limit   int
	used    int // bytes of entries
	coming  int // bytes of loads
	objects map[objectKey]map[pieceKey]*cacheEntry
	recent  list.List // of *cacheEntry that are loaded; front: last used
	counted cacheCounters
}

// A cacheKey names a piece.
type cacheKey struct {
	array, object string // the path of its array, the key of its object
	piece         pieceKey
}

type objectKey struct{ array, object string }

// A pieceKey names what is kept of an object: at level 0 a piece by its number, at level n the index of a shard that lies
// in n-1 others and starts with that piece.
type pieceKey struct{ level, number int }

// A cacheEntry is a chunk that is kept or on its way in. data and err are set when done is closed.
type cacheEntry struct {
	key     cacheKey
	size    int
	done    chan struct{}
	data    []byte
	err     error
	element *list.Element // nil while it is on its way in
	stale   bool          // written meanwhile: not to be kept
}

// NewCache returns a cache of at most so many bytes. With 0 nothing is kept, but chunks wanted at once are still
// decoded once.
func NewCache(bytes int) *Cache {
	return &Cache{limit: bytes, objects: map[objectKey]map[pieceKey]*cacheEntry{}}
}

// Bytes returns how much memory the kept chunks take.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// peek returns a chunk that is kept, else nil. There may be no cache.
func (c *Cache) peek(key cacheKey) []byte {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.objects[key.of()][key.piece]; e != nil && e.element != nil {
		return c.hit(e)
	}
	return nil
}

// get returns a chunk of size bytes, calling load where nobody has it. The result is shared: nobody may change it.
func (c *Cache) get(ctx context.Context, key cacheKey, size int, load func() ([]byte, error)) ([]byte, error) {
	for {
		data, e, mine := c.find(key, size)
		switch {
		case data != nil:
			return data, nil
		case mine:
			c.run(e, load)
			return e.data, e.err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Another reader's cancellation is not ours.
		if !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.data, e.err
		}
	}
}

// getAlone is get for those who may not wait for another reader: what one is loading just now is loaded once more.
func (c *Cache) getAlone(key cacheKey, size int, load func() ([]byte, error)) ([]byte, error) {
	data, e, mine := c.find(key, size)
	switch {
	case data != nil:
		return data, nil
	case mine:
		c.run(e, load)
		return e.data, e.err
	}
	return load()
}

// find returns a kept chunk, or the one to wait for, which is the caller's to load when mine is true.
func (c *Cache) find(key cacheKey, size int) (data []byte, e *cacheEntry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pieces := c.objects[key.of()]
	if e := pieces[key.piece]; e != nil && e.element != nil {
		return c.hit(e), e, false
	} else if e != nil && !e.stale {
		c.count(e.key, &c.counted.hits, 1)
		return nil, e, false
	}
	c.count(key, &c.counted.misses, 1)
	if pieces == nil {
		pieces = map[pieceKey]*cacheEntry{}
		c.objects[key.of()] = pieces
	}
	e = &cacheEntry{key: key, size: size, done: make(chan struct{})}
	pieces[key.piece] = e
	c.coming += size
	c.makeRoom()
	return nil, e, true
}

// hit marks an entry as used; c.mu is held.
func (c *Cache) hit(e *cacheEntry) []byte {
	c.recent.MoveToFront(e.element)
	c.count(e.key, &c.counted.hits, 1)
	return e.data
}

// count adds to a counter, of chunks only.
func (c *Cache) count(key cacheKey, counter *atomic.Int64, n int64) {
	if key.piece.level == 0 {
		counter.Add(n)
	}
}

// run loads a chunk and lets those go on that wait for it, also when load panics.
func (c *Cache) run(e *cacheEntry, load func() ([]byte, error)) {
	e.err = errors.New("loading a chunk panicked")
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.coming -= e.size
		if e.err == nil && !e.stale && e.size <= c.limit {
			e.element = c.recent.PushFront(e)
			c.used += e.size
			c.makeRoom()
		} else {
			c.remove(e)
		}
		close(e.done)
	}()
	if e.data, e.err = load(); e.err == nil {
		c.count(e.key, &c.counted.decoded, int64(e.size))
	}
}

// makeRoom forgets chunks until those that are kept and those on their way in fit; c.mu is held.
func (c *Cache) makeRoom() {
	for c.used+c.coming > c.limit && c.recent.Len() > 0 {
		c.remove(c.recent.Back().Value.(*cacheEntry))
		c.counted.evictions.Add(1)
	}
}

// remove takes an entry out; c.mu is held.
func (c *Cache) remove(e *cacheEntry) {
	if e.element != nil {
		c.recent.Remove(e.element)
		e.element = nil
		c.used -= e.size
	}
	pieces := c.objects[e.key.of()]
	if pieces[e.key.piece] != e {
		return // another load has taken the place of a stale one
	}
	if delete(pieces, e.key.piece); len(pieces) == 0 {
		delete(c.objects, e.key.of())
	}
}

// forget drops what is kept of an object, and keeps loads under way from being kept and from being handed to those who
// come later.
func (c *Cache) forget(array, object string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.objects[objectKey{array, object}] {
		if e.element == nil {
			e.stale = true
		} else {
			c.remove(e)
		}
	}
}

// Clear forgets all that is kept. Loads under way are handed to those who wait for them, and neither kept nor handed to those
// who come later.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pieces := range c.objects {
		for _, e := range pieces {
			if e.element == nil {
				e.stale = true
			} else {
				c.remove(e)
			}
		}
	}
}

func (k cacheKey) of() objectKey { return objectKey{k.array, k.object} }
