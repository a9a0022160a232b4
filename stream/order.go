package stream

import "volara/geometry"

// A readySet holds the blocks of a task that are ready, and yields them in an order with locality: tile by tile. A tile
// is a box of neighbouring blocks; tiles follow each other in row-major order, and so do the blocks of a tile. The set
// is a bitmap of ranks, places in that order, so that it costs no more than one in the order of indices: nothing when
// it is empty, and O(1) amortised for a block.
type readySet struct {
	ranks *Bitmap
	low   int64 // no rank in the set is lower
	tiles *tiling
}

// A tiling is the order of the blocks of a grid, tile by tile; nil: that of indices. Tiles at the upper faces keep the
// ranks of the blocks that they lack, so that ranks are sums over the axes.
type tiling struct {
	dims    int
	tile    position // shape of a tile, in blocks
	strides position // of indices
	outer   position // of ranks, from tile to tile
	inner   position // of ranks, within a tile
	ranks   int64
}

// newTiling returns the order of a task's blocks, nil where tiles make no difference.
func newTiling(g geometry.Grid, shape geometry.Coordinate) *tiling {
	if len(shape) == 0 {
		return nil
	}
	t := &tiling{dims: g.Dims()}
	whole := true // but for the slowest axis, every tile spans the grid
	for d, n := range g.Counts() {
		t.tile[d] = max(1, min(shape[d], n))
		whole = whole && (d == 0 || t.tile[d] == n)
	}
	if whole {
		return nil
	}
	index, within := 1, 1
	for d := t.dims - 1; d >= 0; d-- {
		t.strides[d], t.inner[d] = index, within
		index *= g.Counts()[d]
		within *= t.tile[d]
	}
	t.ranks = int64(within)
	for d := t.dims - 1; d >= 0; d-- {
		t.outer[d] = int(t.ranks)
		t.ranks *= int64((g.Counts()[d] + t.tile[d] - 1) / t.tile[d])
	}
	return t
}

// rank returns the place of a block in the order.
func (t *tiling) rank(index int64) int64 {
	i, r := int(index), 0
	for d := range t.dims {
		p := i / t.strides[d]
		i -= p * t.strides[d]
		q := p / t.tile[d]
		r += q*t.outer[d] + (p-q*t.tile[d])*t.inner[d]
	}
	return int64(r)
}

// index is the inverse of rank.
func (t *tiling) index(rank int64) int64 {
	r, i := int(rank), 0
	for d := range t.dims {
		q := r / t.outer[d]
		r -= q * t.outer[d]
		i += q * t.tile[d] * t.strides[d]
	}
	for d := range t.dims {
		p := r / t.inner[d]
		r -= p * t.inner[d]
		i += p * t.strides[d]
	}
	return int64(i)
}

// newReadySet returns the empty set of blocks of a task.
func newReadySet(task Task) *readySet {
	s := &readySet{tiles: newTiling(task.Grid, task.Tile)}
	n := task.Grid.Len()
	if s.tiles != nil {
		n = s.tiles.ranks
	}
	s.ranks, s.low = NewBitmap(n), n
	return s
}

func (s *readySet) rank(i int64) int64 {
	if s.tiles == nil {
		return i
	}
	return s.tiles.rank(i)
}

// Count returns the number of blocks in the set.
func (s *readySet) Count() int64 { return s.ranks.Count() }

// Get reports whether a block is in the set.
func (s *readySet) Get(i int64) bool { return s.ranks.count > 0 && s.ranks.Get(s.rank(i)) }

// Set puts a block into the set and reports whether it was not there.
func (s *readySet) Set(i int64) bool {
	r := s.rank(i)
	if !s.ranks.Set(r) {
		return false
	}
	s.low = min(s.low, r)
	return true
}

// Clear takes a block out of the set and reports whether it was there.
func (s *readySet) Clear(i int64) bool { return s.ranks.count > 0 && s.ranks.Clear(s.rank(i)) }

// First returns the first block in the order, false when the set is empty.
func (s *readySet) First() (int64, bool) {
	if s.ranks.Count() == 0 {
		return 0, false
	}
	s.low, _ = s.ranks.Next(s.low)
	if s.tiles == nil {
		return s.low, true
	}
	return s.tiles.index(s.low), true
}

// A scanner walks over the selected blocks of a task, tile by tile, in runs of neighbours along the last axis.
type scanner struct {
	axes   []axis
	tile   position // shape
	corner position // of the tile that at lies in
	at     position // where the next run begins
	over   bool
}

// newScanner returns a scanner at the first selected block.
func newScanner(axes []axis, tiles *tiling) scanner {
	s := scanner{axes: axes}
	for d, a := range axes {
		s.tile[d] = max(1, a.to)
		if tiles != nil {
			s.tile[d] = tiles.tile[d]
		}
		s.corner[d] = a.from / s.tile[d] * s.tile[d]
		s.at[d] = a.from
		s.over = s.over || a.from >= a.to
	}
	return s
}

// low and high return the bounds of the selected part of the tile along an axis.
func (s *scanner) low(d int) int  { return max(s.corner[d], s.axes[d].from) }
func (s *scanner) high(d int) int { return min(s.corner[d]+s.tile[d], s.axes[d].to) }

// run returns the next run, of at most so many blocks.
func (s *scanner) run(most int) (at position, length int) {
	last := len(s.axes) - 1
	return s.at, min(most, s.high(last)-s.at[last])
}

// advance goes behind a run of the given length.
func (s *scanner) advance(length int) {
	last := len(s.axes) - 1
	s.at[last] += length
	for d := last; s.at[d] >= s.high(d); d-- {
		s.at[d] = s.low(d)
		if d == 0 {
			s.nextTile()
			return
		}
		s.at[d-1]++
	}
}

// nextTile goes to the first block of the next tile that holds selected ones.
func (s *scanner) nextTile() {
	for d := len(s.axes) - 1; ; d-- {
		if d < 0 {
			s.over = true
			return
		}
		if s.corner[d] += s.tile[d]; s.corner[d] < s.axes[d].to {
			break
		}
		s.corner[d] = s.axes[d].from / s.tile[d] * s.tile[d]
	}
	for d := range s.axes {
		s.at[d] = s.low(d)
	}
}
