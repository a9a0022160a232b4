package zarr

import (
	"math/bits"
	"sync"
)

// buffers recycles the memory of chunks on their way in or out: by size, a pool for each power of two, and a pool for
// those whose size nobody knows beforehand.
type buffers struct {
	pools [bits.UintSize + 1]sync.Pool
	grown sync.Pool
}

// A buffer is recycled memory. Whoever grows it beyond its capacity puts the larger slice in.
type buffer struct {
	b     []byte
	grown bool
}

// take returns a buffer of n bytes with arbitrary content.
func (p *buffers) take(n int) *buffer {
	b, ok := p.pools[class(n)].Get().(*buffer)
	if !ok || cap(b.b) < n {
		return &buffer{b: make([]byte, n)}
	}
	b.b = b.b[:n]
	return b
}

// takeAny returns an empty buffer, as large as one before it became.
func (p *buffers) takeAny() *buffer {
	if b, ok := p.grown.Get().(*buffer); ok {
		b.b = b.b[:0]
		return b
	}
	return &buffer{grown: true}
}

// put recycles a buffer; nil is none.
func (p *buffers) put(b *buffer) {
	switch {
	case b == nil:
	case b.grown:
		p.grown.Put(b)
	default:
		p.pools[class(cap(b.b))].Put(b)
	}
}

// class returns k where n is more than half of 2^k, at most all of it.
func class(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

// keep puts in a slice that has outgrown the buffer.
func (b *buffer) keep(grown []byte) {
	if cap(grown) > cap(b.b) {
		b.b = grown
	}
}
