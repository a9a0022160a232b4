package stream

import (
	"time"
)

// scanStep bounds how many blocks one step of a scan looks at.
const scanStep = 4096

// scanSteps bounds how many steps are made for one message: a task of which nothing is ready yet must not hold up those
// upstream of it until 10⁸ of its blocks have been looked at.
const scanSteps = 8

// next takes the next work message of a task off the board: up to its batch of ready blocks, the first ones in its
// order. A block that has been tried before goes alone. It returns false when there are none, or, while the task is
// scanning, when none have been found yet.
func (t *taskBoard) next() (work, bool) {
	batch := t.pace.batch(t.board.policy.maxBatch)
	for step := 0; step < scanSteps && t.ready.Count() < int64(batch) && t.scanMore(); step++ {
	}
	w := work{Task: t.Name, Generation: t.Generation, Epoch: t.board.epoch, Attempt: 1}
	for n := 0; n < batch && !t.held; {
		i, ok := t.ready.First()
		if !ok {
			break
		}
		tried := t.troubles[i]
		if tried != nil && n > 0 {
			break
		}
		if !t.mayGo(i) {
			continue
		}
		n++
		t.ready.Clear(i)
		t.out.Set(i)
		w.Blocks = w.Blocks.Append(i)
		if tried != nil {
			tried.issued = tried.attempts + 1
			w.Attempt, w.Isolated = tried.issued, tried.crashes > 0
			break
		}
	}
	t.putBack()
	if len(w.Blocks) == 0 {
		return work{}, false
	}
	t.publish(w)
	return w, true
}

// due takes a block off the board whose time for a new attempt has come.
func (b *board) due(now time.Time) (work, bool) {
	for {
		t, i, ok := b.retry.pop(now)
		if !ok {
			return work{}, false
		}
		tried := t.troubles[i]
		if tried == nil || !tried.waiting { // done meanwhile, by a late worker
			continue
		}
		if t.held || t.full() {
			t.overdue = append(t.overdue, i)
			continue
		}
		tried.waiting = false
		tried.issued = tried.attempts + 1
		t.waiting--
		w := work{
			Task: t.Name, Generation: t.Generation, Epoch: b.epoch,
			Attempt: tried.issued, Blocks: Ranges{{i, 1}}, Isolated: tried.crashes > 0,
		}
		t.publish(w)
		return w, true
	}
}

// full reports whether as many messages of the task are out as it may have.
func (t *taskBoard) full() bool { return t.MaxWorkers > 0 && len(t.messages) >= t.MaxWorkers }

func (t *taskBoard) publish(w work) {
	t.messages[messageKey{w.Blocks[0].First(), w.Attempt}] = &message{left: w.Blocks.Count()}
}

// offer puts a block among the ready ones.
func (t *taskBoard) offer(i int64) {
	t.ready.Set(i)
}

// offerRow offers the blocks of a row whose turn has come. Outside of a scan, they are those that a block upstream,
// just done, may have been the last to wait for.
func (t *taskBoard) offerRow(at position, length int) {
	last := len(t.axes) - 1
	i := t.index(&at)
	for range length {
		if !t.done.Get(i) && !t.out.Get(i) && !t.ready.Get(i) && !t.skipped(i) && !t.failed(i) && t.satisfied(&at) {
			t.offer(i)
		}
		at[last]++
		i++
	}
}

func (t *taskBoard) satisfied(at *position) bool {
	for _, l := range t.upstream {
		if !l.satisfied(at) {
			return false
		}
	}
	return t.inTurn(at)
}

// scanMore looks at some more of the selected blocks, each one once, and reports whether it may be called again. From
// then on a block becomes ready when the last block that it waits for is done.
func (t *taskBoard) scanMore() bool {
	if t.scanned || !t.open() {
		return false
	}
	for looked := 0; looked < scanStep && !t.scanned; {
		at, length := t.scan.run(scanStep)
		if t.done.CountRange(t.index(&at), int64(length)) < int64(length) {
			t.offerRow(at, length)
		}
		looked += length
		t.scan.advance(length)
		t.scanned = t.scan.over
	}
	return !t.scanned
}

// scanning reports whether next would look at blocks that were not yet looked at: more than enough ready ones, which
// are held or wait for their neighbours, must not keep the tracker looking.
func (t *taskBoard) scanning() bool {
	return !t.scanned && t.open() && t.ready.Count() < int64(t.pace.batch(t.board.policy.maxBatch))
}

// expects reports whether completions of messages are to come. They may be of blocks that are no longer out: another
// worker has done them since.
func (t *taskBoard) expects() bool { return len(t.messages) > 0 || t.out.Count() > t.waiting }

// lost puts the blocks that are out back among the ready ones, but for those that wait for a new attempt: their
// messages no longer exist. Those that conflict wait as long as a worker might that has one of the messages after all.
func (t *taskBoard) lost(now time.Time) int64 {
	n := int64(0)
	for i, ok := t.out.Next(0); ok; i, ok = t.out.Next(i + 1) {
		if tried := t.troubles[i]; tried != nil && tried.waiting {
			continue
		}
		n++
		if t.levels != nil {
			t.wait(i, now.Add(t.board.policy.silence))
			continue
		}
		t.out.Clear(i)
		t.offer(i)
	}
	clear(t.messages)
	return n
}
