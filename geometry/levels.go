package geometry

// A task whose blocks read what their neighbours write must not run two such blocks at once, and its result depends on
// which of them comes first. Its blocks are put into levels, as daisy does for read_write_conflict: along each axis,
// blocks as many apart as Levels says are independent; among those closer than that, the ones of lower levels come
// first. Levels are counted from the grid's origin, so that a part of a grid has the order that the whole has.

// Levels returns the number of levels along each axis: 1 where blocks have no context, and no more than there are
// blocks. Their product is the number of levels.
func (g Grid) Levels() Coordinate {
	levels := g.low.Max(g.high).CeilDiv(g.block)
	for d := range levels {
		levels[d] = max(1, min(levels[d]+1, g.counts[d]))
	}
	return levels
}

// Level returns the level of the block at a position, from 0 on. Level 0 holds the blocks that come last along every
// axis of a period, which is the order of daisy.
func (g Grid) Level(position Coordinate) int64 {
	levels := g.Levels()
	level := int64(0)
	for d, n := range levels {
		level = level*int64(n) + int64(n-1-position[d]%n)
	}
	return level
}

// Conflicts returns the box of positions of the blocks that must not run together with the one at a position, itself
// among them: every block that reads what it writes or writes what it reads. Where the context differs between the two
// sides of more than one axis, the box also has corner blocks that do neither; daisy keeps them apart, too.
func (g Grid) Conflicts(position Coordinate) Roi {
	reach := g.Levels().Sub(Fill(g.Dims(), 1))
	return FromCorners(position.Sub(reach), position.Add(reach).Add(Fill(g.Dims(), 1))).Intersect(g.All())
}
