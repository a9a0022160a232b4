package stream

import (
	"slices"
	"time"

	"volara/geometry"
)

// Blocks of a task with Conflict read what their neighbours write. The rules, which are daisy's: a block waits for its
// neighbours of lower levels (geometry.Grid.Levels) that the run wants done, and orphaned it is when one of them fails;
// and no two neighbours are ever out at once. The second follows from the first unless blocks are opened again that
// were done, so that it is looked at only when a block is about to be published.
//
// A worker that has lost its hold on a block may still be busy with it for a moment. So whatever gives such a block, or
// a neighbour of it, to another worker waits until the silent one must have noticed: a crash (policy.grace), a message
// that vanished (policy.silence), an epoch that begins while workers of an earlier one may live (board.hold).

// levelsOf returns the levels along each axis of a task with Conflict; nil for others. Without context every block is of
// one level and conflicts only with itself: two workers must not have it.
func levelsOf(t Task) geometry.Coordinate {
	if !t.Conflict {
		return nil
	}
	return t.Grid.Levels()
}

// reach returns the interval of selected positions along an axis that conflict with those in [first, first+count).
func (t *taskBoard) reach(d, first, count int) (from, to int) {
	a := &t.axes[d]
	return max(first-t.levels[d]+1, a.from), min(first+count-1+t.levels[d], a.to)
}

// neighbours returns the rows of selected blocks that conflict with a run of blocks along the last axis, these included.
func (t *taskBoard) neighbours(first *position, count int) (r rows) {
	r.last = len(t.axes) - 1
	for d := range t.axes {
		n := 1
		if d == r.last {
			n = count
		}
		r.lo[d], r.hi[d] = t.reach(d, first[d], n)
	}
	r.at = r.lo
	return r
}

// rows is a box of positions on its way through its rows.
type rows struct {
	lo, hi, at position // at is where the current row begins
	last       int      // axis
}

// length returns the number of blocks in a row.
func (r *rows) length() int { return r.hi[r.last] - r.lo[r.last] }

func (r *rows) empty() bool {
	for d := range r.last + 1 {
		if r.lo[d] >= r.hi[d] {
			return true
		}
	}
	return false
}

// next goes to the next row; false when there is none.
func (r *rows) next() bool {
	for d := r.last - 1; d >= 0; d-- {
		if r.at[d]++; r.at[d] < r.hi[d] {
			return true
		}
		r.at[d] = r.lo[d]
	}
	return false
}

// inTurn reports whether nobody needs to wait any more for the neighbours of lower levels of the block at a position.
func (t *taskBoard) inTurn(at *position) bool {
	if t.levels == nil {
		return true
	}
	r := t.neighbours(at, 1)
	for more := true; more; more = r.next() {
		if !t.rowInTurn(&r, at) {
			return false
		}
	}
	return true
}

// rowInTurn looks at one row of neighbours. Levels compare as positions within a period do, the other way round, so
// that all of a row has lower levels, or none, or that is said by the last axis.
func (t *taskBoard) rowInTurn(r *rows, at *position) bool {
	for d := range r.last {
		theirs, own := r.at[d]%t.levels[d], at[d]%t.levels[d]
		if theirs < own {
			return true
		}
		if theirs > own {
			return t.settled(t.index(&r.at), int64(r.length()))
		}
	}
	row := t.index(&r.at) - int64(r.lo[r.last])
	period := at[r.last] - at[r.last]%t.levels[r.last]
	before := min(period, r.hi[r.last]) - r.lo[r.last]
	after := min(period+t.levels[r.last], r.hi[r.last]) - at[r.last] - 1
	return (before <= 0 || t.settled(row+int64(r.lo[r.last]), int64(before))) &&
		(after <= 0 || t.settled(row+int64(at[r.last])+1, int64(after)))
}

// alone reports whether no neighbour of the block at a position is out.
func (t *taskBoard) alone(at *position) bool {
	r := t.neighbours(at, 1)
	for more := true; more; more = r.next() {
		if t.out.CountRange(t.index(&r.at), int64(r.length())) > 0 {
			return false
		}
	}
	return true
}

// mayGo is the last look at a ready block before it is published. One that must wait for its turn after all is no
// longer ready; one with a neighbour that is out is put aside until the end of next.
func (t *taskBoard) mayGo(i int64) bool {
	if t.levels == nil {
		return true
	}
	at := t.position(i)
	if !t.inTurn(&at) {
		t.ready.Clear(i)
		return false
	}
	if !t.alone(&at) {
		t.ready.Clear(i)
		t.aside = append(t.aside, i)
		return false
	}
	return true
}

// putBack makes the blocks ready again that next has put aside.
func (t *taskBoard) putBack() {
	for _, i := range t.aside {
		t.offer(i)
	}
	t.aside = t.aside[:0]
}

// offerNeighbours offers the neighbours that waited for the last one of a range of blocks.
func (t *taskBoard) offerNeighbours(r Range) {
	if t.levels == nil || t.scanned && t.nDone == t.total || !t.open() {
		return
	}
	last := len(t.axes) - 1
	rowLength := int64(t.Grid.Counts()[last])
	for i := r.First(); i < r.End(); {
		at := t.position(i)
		count := min(r.End()-i, rowLength-int64(at[last]))
		near := t.neighbours(&at, int(count))
		for more := !near.empty(); more; more = near.next() {
			t.offerRow(near.at, near.length())
		}
		i += count
	}
}

// ofLast returns the blocks of a completion that do not have a newer attempt out. What an older one, given up long
// ago, has done after all must not free the neighbours: the newer one is still at work, and will say what came of it.
func (t *taskBoard) ofLast(blocks Ranges, c completion) Ranges {
	var of Ranges
	for _, r := range blocks {
		for i := r.First(); i < r.End(); i++ {
			if !t.superseded(i, c) {
				of = of.Append(i)
			}
		}
	}
	return of
}

func (t *taskBoard) superseded(i int64, c completion) bool {
	tried := t.troubles[i]
	switch {
	case t.hung[i]:
		return true
	case !t.out.Get(i), tried != nil && tried.waiting:
		return false
	case tried == nil:
		return c.Epoch != t.board.epoch
	}
	return c.Epoch != t.board.epoch || c.Attempt < tried.issued
}

// hold stops all tasks with conflicts from publishing anything, or lets them go on. It reports whether there are any
// that are not done.
func (b *board) hold(held bool) bool {
	any := false
	for _, t := range b.tasks {
		if t.levels != nil {
			t.held = held
			any = any || t.nDone < t.total
		}
	}
	return any
}

// comeDue lets blocks have their new attempts whose time for it came while their tasks were held or full: as many as
// there is room for. It reports whether there are any.
func (b *board) comeDue() (any bool) {
	for _, t := range b.tasks {
		n := len(t.overdue)
		if t.MaxWorkers > 0 {
			n = max(0, min(n, t.MaxWorkers-len(t.messages)))
		}
		if n == 0 || t.held {
			continue
		}
		for _, i := range t.overdue[:n] {
			b.retry.push(t, i, time.Time{})
		}
		t.overdue, any = t.overdue[n:], true
	}
	return any
}

// atWork reports whether a block may be at work: it is out, or its attempt has failed and does not stop.
func (b *board) atWork() bool {
	return slices.ContainsFunc(b.tasks, func(t *taskBoard) bool { return t.out.Count() > 0 || len(t.hung) > 0 })
}

// conflicts reports whether a task has conflicts.
func (p Plan) conflicts() bool {
	return slices.ContainsFunc(p.Tasks, func(t Task) bool { return t.Conflict })
}
