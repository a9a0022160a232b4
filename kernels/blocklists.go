package kernels

// blockLists holds many short lists of nodes. A list is a ring of blocks, so that concatenation is one swap; a node's
// first few entries share a cache line. Memory comes in chunks, so that growth neither copies nor doubles it.
type blockLists struct {
	chunks [][]block
	used   uint32   // blocks, block 0, which is no list's, included
	free   []uint32 // blocks that concatenation emptied
}

// A blockList is a list: the number of its last block, doubled, plus one if there are others. 0 is the empty list.
type blockList uint32

func (l blockList) tail() uint32 { return uint32(l >> 1) }

// long reports whether the list has more than one block.
func (l blockList) long() bool { return l&1 == 1 }

const (
	blockNodes = 6
	chunkBits  = 13
)

type block struct {
	next  uint32
	n     uint32
	nodes [blockNodes]int32
}

// block returns a block by its number.
func (l *blockLists) block(i uint32) *block {
	return &l.chunks[i>>chunkBits][i&(1<<chunkBits-1)]
}

// push adds a node to a list and returns the list.
func (l *blockLists) push(list blockList, node int32) blockList {
	var b *block
	if list != 0 {
		if b = l.block(list.tail()); b.n < blockNodes {
			b.nodes[b.n] = node
			b.n++
			return list
		}
	}
	i := l.alloc()
	*l.block(i) = block{next: i, n: 1, nodes: [blockNodes]int32{node}}
	if list == 0 {
		return blockList(i << 1)
	}
	l.block(i).next, b.next = b.next, i
	return blockList(i<<1 | 1)
}

// concat joins two lists, neither of which may be used any more, to one. A short one is packed into the other's last
// block if there is room.
func (l *blockLists) concat(x, y blockList) blockList {
	if x == 0 {
		return y
	}
	a, b := l.block(x.tail()), l.block(y.tail())
	if !y.long() && l.pack(a, b) {
		l.free = append(l.free, y.tail())
		return x
	}
	if !x.long() && l.pack(b, a) {
		l.free = append(l.free, x.tail())
		return y
	}
	a.next, b.next = b.next, a.next
	return y | 1
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

// A blockWalk reads a list block by block and writes the nodes that are kept over those read.
type blockWalk struct {
	list  blockList
	read  uint32 // the next block to be read
	write uint32 // the block being written, n nodes of it so far
	n     uint32
	done  bool // nothing is left to be read
	seen  [seenRoots]int32
}

const seenRoots = 64

// walk begins a walk. Until it is finished the list must not be used.
func (l *blockLists) walk(list blockList) blockWalk {
	head := l.block(list.tail()).next
	return blockWalk{list: list, read: head, write: head}
}

// keep writes a node; no more than were read.
func (l *blockLists) keep(w *blockWalk, node int32) {
	b := l.block(w.write)
	if w.n == blockNodes {
		b.n = blockNodes
		w.write, w.n = b.next, 0
		b = l.block(w.write)
	}
	b.nodes[w.n] = node
	w.n++
}

// advance goes on to the next block.
func (l *blockLists) advance(w *blockWalk) {
	w.done = w.read == w.list.tail()
	w.read = l.block(w.read).next
}

// finish ends a walk: it drops the blocks between the last one written and the next one to be read, and returns the
// list.
func (l *blockLists) finish(w *blockWalk) blockList {
	if w.n == 0 {
		return w.list // nothing was read
	}
	last := l.block(w.write)
	last.n = w.n
	for i := last.next; i != w.read; {
		l.free = append(l.free, i)
		i = l.block(i).next
	}
	last.next = w.read
	if !w.done {
		return w.list
	}
	if w.read == w.write {
		return blockList(w.write << 1)
	}
	return blockList(w.write<<1 | 1)
}
