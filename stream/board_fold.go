package stream

import (
	"fmt"
	"time"
)

// fold takes in a completion and returns what it changed, as events. What was known already changes nothing, so that
// completions may come twice and in any order; those of another generation, or of an epoch that
// is void since blocks were reopened, count for nothing. A completion of another
// epoch says what is done and how often it was tried, but its message is none of this epoch's.
func (b *board) fold(c completion, now time.Time) ([]Event, error) {
	t := b.byName[c.Task]
	if t == nil || t.Generation != c.Generation || c.Epoch <= t.void && t.void > 0 {
		return nil, nil
	}
	if err := t.check(c); err != nil {
		return nil, fmt.Errorf("a completion of worker %s: %w", c.Worker, err)
	}
	current := c.Epoch == b.epoch
	if t.levels != nil {
		c.Done, c.Masked = t.ofLast(c.Done, c), t.ofLast(c.Masked, c)
	}
	var events []Event
	if fresh := t.foldDone(c.Done, false); len(fresh) > 0 {
		timings := c.Timings
		events = append(events, Event{
			Kind: EventBlockDone, Blocks: fresh, Timings: &timings, Elapsed: c.Elapsed,
		})
	}
	if fresh := t.foldDone(c.Masked, true); len(fresh) > 0 {
		events = append(events, Event{Kind: EventBlockMasked, Blocks: fresh, Elapsed: c.Masking})
	}
	for _, f := range c.Failed {
		events = append(events, t.foldFailed(f, c, current, now)...)
	}
	for _, r := range c.Crashed {
		for i := r.First(); i < r.End(); i++ {
			events = append(events, t.foldCrashed(i, c, current, now)...)
		}
	}
	if current {
		t.foldReturned(c.Returned, c.Attempt)
		t.account(c)
	}
	for i := range events {
		events[i].Task, events[i].Generation = t.Name, t.Generation
		events[i].Attempt, events[i].Worker = c.Attempt, c.Worker
	}
	return events, nil
}

// check refuses blocks that the grid does not have.
func (t *taskBoard) check(c completion) error {
	for _, ranges := range []Ranges{c.Done, c.Masked, c.Crashed, c.Returned} {
		for _, r := range ranges {
			if r.First() < 0 || r.Count() < 1 || r.Count() > t.done.Len()-r.First() {
				return fmt.Errorf("task %s has no blocks %d to %d", t.Name, r.First(), r.End())
			}
		}
	}
	for _, f := range c.Failed {
		if f.Block < 0 || f.Block >= t.done.Len() {
			return fmt.Errorf("task %s has no block %d", t.Name, f.Block)
		}
	}
	return nil
}

// foldDone marks blocks done, masked or not, and offers what waited for them. It returns those that were not done before.
func (t *taskBoard) foldDone(ranges Ranges, masked bool) Ranges {
	var fresh Ranges
	for _, r := range ranges {
		for i := r.First(); i < r.End(); i++ {
			if t.done.Set(i) {
				fresh = fresh.Append(i)
				t.setMasked(i, masked)
				t.settle(i)
			}
		}
	}
	for _, r := range fresh {
		t.offerNeighbours(r)
		t.offerDependents(r)
	}
	return fresh
}

// settle takes a block that is done off the lists of those that are not.
func (t *taskBoard) settle(i int64) {
	if t.selected(i) {
		t.nDone++
	}
	t.out.Clear(i)
	t.ready.Clear(i)
	tried := t.troubles[i]
	if tried == nil {
		return
	}
	if tried.failed {
		t.unnoteFailed(i)
	}
	if tried.waiting {
		t.waiting--
	}
	delete(t.troubles, i)
	t.touched[int(i/PageBits)] = true
}

// offerDependents offers the downstream blocks that waited for the last one of a range of blocks.
func (t *taskBoard) offerDependents(r Range) {
	last := len(t.axes) - 1
	rowLength := t.done.Len()
	if last > 0 {
		rowLength = t.strides[last-1]
	}
	for _, l := range t.dependents {
		if l.down.scanned && l.down.nDone == l.down.total || !l.down.open() {
			continue // a task with a barrier looks at all its blocks once it opens
		}
		for i := r.First(); i < r.End(); {
			at := t.position(i)
			count := min(r.End()-i, rowLength-int64(at[last]))
			l.readers(&at, int(count), l.down.offerRow)
			i += count
		}
	}
}

// foldReturned puts blocks back that a worker did not try. A worker that had lost them by then says nothing of the
// attempt that is out now.
func (t *taskBoard) foldReturned(ranges Ranges, attempt int) {
	for _, r := range ranges {
		for i := r.First(); i < r.End(); i++ {
			if tried := t.troubles[i]; tried != nil && (tried.waiting || attempt < tried.issued) {
				continue
			}
			if t.out.Clear(i) {
				t.offer(i)
			}
		}
	}
}

// account keeps the list of messages, and the pace.
func (t *taskBoard) account(c completion) {
	key := messageKey{c.Message, c.Attempt}
	m := t.messages[key]
	if m != nil && len(c.Crashed) > 0 { // its last word, by another worker, who counts its own parts
		delete(t.messages, key)
		return
	}
	if m == nil || c.Part < m.part {
		return
	}
	m.part = c.Part + 1
	m.left -= c.Done.Count() + c.Masked.Count() + int64(len(c.Failed)) + c.Crashed.Count() + c.Returned.Count()
	if m.left <= 0 {
		delete(t.messages, key)
	}
	if n := c.Done.Count() + c.Masked.Count(); n > 0 {
		t.pace.measured(c.Elapsed+c.Masking, n)
	}
}
