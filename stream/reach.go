package stream

import (
	"math"

	"volara/geometry"
)

// Dependencies between blocks are separable: along each axis, the writers of what a block reads are an interval of
// positions, and so are the readers of what a block writes. An axis computes these intervals without allocating; they
// are those of geometry.Grid.Writers and Readers, within the selected positions.
type axis struct {
	origin, block int
	end           int // no block writes beyond it
	low, high     int // context
	from, to      int // selected positions
}

// newAxes returns the axes of a task's grid, slowest first.
func newAxes(t Task) []axis {
	g := t.Grid
	low, high := g.Context()
	axes := make([]axis, g.Dims())
	for d := range axes {
		axes[d] = axis{
			origin: g.Total().Offset[d], block: g.BlockShape()[d], end: math.MaxInt,
			low: low[d], high: high[d],
			from: t.Select.Offset[d], to: t.Select.Offset[d] + t.Select.Shape[d],
		}
		if g.Fit() == geometry.FitShrink {
			axes[d].end = g.Total().End()[d]
		}
	}
	return axes
}

// writes returns what the block at a position writes.
func (a *axis) writes(p int) (begin, end int) {
	begin = a.origin + p*a.block
	return begin, min(begin+a.block, a.end)
}

// reads returns what the block at a position reads.
func (a *axis) reads(p int) (begin, end int) {
	begin, end = a.writes(p)
	return begin - a.low, end + a.high
}

// writers returns the selected positions that write into [begin, end).
func (a *axis) writers(begin, end int) (from, to int) { return a.meeting(begin, end, 0, 0) }

// readers returns the selected positions that read from [begin, end).
func (a *axis) readers(begin, end int) (from, to int) { return a.meeting(begin, end, a.low, a.high) }

func (a *axis) meeting(begin, end, low, high int) (from, to int) {
	if a.end != math.MaxInt {
		begin, end = max(begin, a.origin-low), min(end, a.end+high)
	}
	if begin >= end {
		return 0, 0
	}
	from = max(geometry.FloorDiv(begin-high-a.origin, a.block), a.from)
	to = min(geometry.CeilDiv(end+low-a.origin, a.block), a.to)
	return from, max(from, to)
}

// A link is a block-by-block dependency, seen from both of its ends.
type link struct{ up, down *taskBoard }

// satisfied reports whether everything that the downstream block at a position reads is done. The last rows are looked
// at first: work proceeds in the order of indices, so that they say no soonest.
func (l *link) satisfied(at *position) bool {
	var lo, hi, p position
	n := len(l.up.axes)
	for d := range n {
		begin, end := l.down.axes[d].reads(at[d])
		lo[d], hi[d] = l.up.axes[d].writers(begin, end)
		if lo[d] >= hi[d] {
			return true // nobody writes it
		}
		p[d] = hi[d] - 1
	}
	width := int64(hi[n-1] - lo[n-1])
	p[n-1] = lo[n-1]
	for {
		if !l.up.settled(l.up.index(&p), width) {
			return false
		}
		d := n - 2
		for ; d >= 0; d-- {
			if p[d]--; p[d] >= lo[d] {
				break
			}
			p[d] = hi[d] - 1
		}
		if d < 0 {
			return true
		}
	}
}

// readers calls f with every row of downstream blocks that read what a run of neighbours upstream writes; the run lies
// in one row. f gets the position where the row begins and its length.
func (l *link) readers(first *position, count int, f func(at position, length int)) {
	var lo, hi position
	n := len(l.up.axes)
	for d := range n {
		begin, end := l.up.axes[d].writes(first[d])
		if d == n-1 {
			_, end = l.up.axes[d].writes(first[d] + count - 1)
		}
		lo[d], hi[d] = l.down.axes[d].readers(begin, end)
		if lo[d] >= hi[d] {
			return
		}
	}
	length := hi[n-1] - lo[n-1]
	for p := lo; ; {
		f(p, length)
		d := n - 2
		for ; d >= 0; d-- {
			if p[d]++; p[d] < hi[d] {
				break
			}
			p[d] = lo[d]
		}
		if d < 0 {
			return
		}
	}
}
