package stream

import "math/bits"

// What a run leaves out, and what a mask excludes. A skipped block is as if it had not been selected: nobody waits for
// it, it is in no total, and it is neither done nor failed by this run. A masked block is done, and known to be so
// because a mask excludes it.

// skipped reports whether the run leaves a block out.
func (t *taskBoard) skipped(i int64) bool { return t.Skip != nil && t.Skip.Get(i) }

// Wanted returns how many blocks the run wants done.
func (t Task) Wanted() int64 { return t.Select.Size() - t.Skip.countIn(t) }

// countIn returns how many of the blocks in a task's Select are in the set; nil is the empty set.
func (b *Bitmap) countIn(t Task) int64 {
	switch {
	case b == nil || b.Count() == 0:
		return 0
	case t.Select.Size() == b.Len():
		return b.Count()
	}
	n := int64(0)
	for first, length := range t.Grid.Rows(t.Select) {
		n += b.CountRange(first, int64(length))
	}
	return n
}

// countSelected returns how many blocks of a set the run wants done.
func (t *taskBoard) countSelected(b *Bitmap) int64 {
	n := b.countIn(t.Task)
	if t.Skip != nil && n > 0 {
		for first, length := range t.Grid.Rows(t.Select) {
			n -= countBoth(b, t.Skip, first, int64(length))
		}
	}
	return n
}

// settled reports whether nobody needs to wait for any of n neighbours from i on: each is done, or left out.
func (t *taskBoard) settled(i, n int64) bool {
	if t.Skip == nil {
		return t.done.All(i, n)
	}
	return t.done.CountRange(i, n)+t.Skip.CountRange(i, n)-countBoth(t.done, t.Skip, i, n) == n
}

// setMasked notes whether a block that has just become done is masked.
func (t *taskBoard) setMasked(i int64, masked bool) {
	if !masked {
		t.masked.Clear(i)
		return
	}
	t.masked.Set(i)
	if t.selected(i) {
		t.nMasked++
	}
}

// countMasked counts anew after the sets were loaded.
func (t *taskBoard) countMasked() {
	t.nMasked = 0
	if t.masked.Count() == 0 {
		return
	}
	for first, length := range t.Grid.Rows(t.Select) {
		for i, ok := t.masked.Next(first); ok && i < first+int64(length); i, ok = t.masked.Next(i + 1) {
			if t.done.Get(i) && !t.skipped(i) {
				t.nMasked++
			}
		}
	}
}

// countBoth returns the number of indices in [i, i+n) that are in both of two sets of one length.
func countBoth(a, b *Bitmap, i, n int64) int64 {
	c := int64(0)
	for n > 0 {
		step := min(n, PageBits-i%PageBits)
		p, q := &a.pages[i/PageBits], &b.pages[i/PageBits]
		switch {
		case p.count == 0 || q.count == 0:
		case p.words == nil:
			c += b.CountRange(i, step)
		case q.words == nil:
			c += a.CountRange(i, step)
		default:
			c += countBothWords(p.words, q.words, int(i%PageBits), int(step))
		}
		i, n = i+step, n-step
	}
	return c
}

func countBothWords(p, q *[pageWords]uint64, from, n int) int64 {
	c := 0
	for n > 0 {
		w := (p[from/64] & q[from/64]) >> (from % 64)
		step := min(n, 64-from%64)
		if step < 64 {
			w &= 1<<step - 1
		}
		c += bits.OnesCount64(w)
		from, n = from+step, n-step
	}
	return int64(c)
}
