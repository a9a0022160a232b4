package lazy

import (
	"sync"
	"unsafe"
)

// A scratch is recycled memory, aligned for every element type.
type scratch struct{ words []uint64 }

// A pool recycles scratches of the sources that share it.
type pool struct{ p sync.Pool }

// take returns n bytes with arbitrary content; the scratch goes back with put.
func (p *pool) take(n int) (*scratch, []byte) {
	s, ok := p.p.Get().(*scratch)
	if !ok {
		s = new(scratch)
	}
	if words := (n + 7) / 8; len(s.words) < words {
		s.words = make([]uint64, words)
	}
	if n == 0 {
		return s, nil
	}
	return s, unsafe.Slice((*byte)(unsafe.Pointer(&s.words[0])), n)
}

func (p *pool) put(s *scratch) { p.p.Put(s) }
