package zarr

import "sync"

// buffers recycles the memory of chunks on their way in or out.
type buffers struct{ pool sync.Pool }

// A buffer is recycled memory; whoever grows it beyond its capacity puts the larger slice in.
type buffer struct{ b []byte }

// take returns a buffer of n bytes with arbitrary content.
func (p *buffers) take(n int) *buffer {
	b, ok := p.pool.Get().(*buffer)
	if !ok {
		b = new(buffer)
	}
	if cap(b.b) < n {
		b.b = make([]byte, n)
	}
	b.b = b.b[:n]
	return b
}

func (p *buffers) put(b *buffer) { p.pool.Put(b) }
