package zarr

import "sync"

// A shardQueue puts chunks into a shard in their order, in whatever order they come.
type shardQueue struct {
	mu      sync.Mutex
	w       *shardWriter
	next    int
	ready   map[int]encoded // that came before their turn
	release func(*buffer)
}

// add hands over the i-th chunk; each is handed over once.
func (q *shardQueue) add(i int, c encoded) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready[i] = c
	for {
		c, ok := q.ready[q.next]
		if !ok {
			return
		}
		if c.bytes != nil {
			q.w.add(q.next, c.bytes)
		}
		q.release(c.b)
		delete(q.ready, q.next)
		q.next++
	}
}
