package kernels

// blockLists holds many short lists of nodes. A list is a ring of blocks, named by the number of its last one, so that
// concatenation is one swap; a node's first few entries share a cache line. Number 0 is the empty list. Memory comes
// in chunks, so that growth neither copies nor doubles it.
type blockLists struct {
	chunks [][]block
	used   uint32   // blocks, the unused block 0 included
	free   []uint32 // blocks that concatenation emptied
}

const (
	blockNodes = 6
	chunkBits  = 13
)

type block struct {
	next  uint32
	n     uint16
	last  bool
	nodes [blockNodes]int32
}

// block returns a block by its number.
func (l *blockLists) block(i uint32) *block {
	return &l.chunks[i>>chunkBits][i&(1<<chunkBits-1)]
}

// push adds a node to a list and returns the list.
func (l *blockLists) push(list uint32, node int32) uint32 {
	var b *block
	if list != 0 {
		if b = l.block(list); b.n < blockNodes {
			b.nodes[b.n] = node
			b.n++
			return list
		}
	}
	i := l.alloc()
	*l.block(i) = block{next: i, n: 1, last: true, nodes: [blockNodes]int32{node}}
	if list != 0 {
		l.block(i).next, b.next, b.last = b.next, i, false
	}
	return i
}

// concat joins two lists, neither of which may be used any more, to one. Two short ones are packed into one block.
func (l *blockLists) concat(x, y uint32) uint32 {
	if x == 0 {
		return y
	}
	a, b := l.block(x), l.block(y)
	if b.next == y && l.pack(a, b) {
		l.free = append(l.free, y)
		return x
	}
	if a.next == x && l.pack(b, a) {
		l.free = append(l.free, x)
		return y
	}
	a.next, b.next = b.next, a.next
	a.last = false
	return y
}

// pack moves the nodes of b to a, without those that a holds already, and reports whether they had room.
func (l *blockLists) pack(a, b *block) bool {
	n := a.n
next:
	for _, node := range b.nodes[:b.n] {
		for _, have := range a.nodes[:n] {
			if have == node {
				continue next
			}
		}
		if n == blockNodes {
			return false
		}
		a.nodes[n] = node
		n++
	}
	a.n = n
	return true
}

func (l *blockLists) alloc() uint32 {
	if k := len(l.free); k > 0 {
		i := l.free[k-1]
		l.free = l.free[:k-1]
		return i
	}
	l.used = max(l.used, 1)
	if int(l.used>>chunkBits) == len(l.chunks) {
		l.chunks = append(l.chunks, make([]block, 1<<chunkBits))
	}
	l.used++
	return l.used - 1
}
