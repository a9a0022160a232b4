package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"volara/geometry"
)

// rangesInEvent bounds the ranges in an event of blocks that were not worked on together.
const rangesInEvent = 1000

// Reopen makes blocks that are done count as not done, so that the next Run does them again, and returns how many, by
// task. boxes are of block positions. The caller holds the lease (TrackerOptions.Lease), nobody runs the plan, and the
// plan has every task of the run that has a generation; what waits for what does not matter to it.
//
// First everything that workers have reported is recorded. Then the epochs so far are declared void for these
// generations: what a worker that is still alive reports of one of them counts for nothing. Then people are told, then
// the bits are cleared. Whoever loads the state after a crash in between finds the event and clears the bits.
func (t *Tracker) Reopen(ctx context.Context, boxes map[string]geometry.Roi) (map[string]int64, error) {
	if t.opts.Lease == nil {
		return nil, errors.New("blocks are reopened by whoever holds the lease")
	}
	t.began = time.Now()
	l := &life{t: t, lease: t.opts.Lease, log: t.log}
	defer l.close()
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	if err := l.storeAll(ctx); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(boxes)) {
		if err := l.void(ctx, name); err != nil {
			return nil, err
		}
	}
	counts := map[string]int64{}
	for name, box := range boxes {
		if n := l.reopen(l.board.byName[name], box); n > 0 {
			counts[name] = n
		}
	}
	l.finalStatus(StateStopped, "blocks are to be done again; volara up does them")
	return counts, l.storeAll(ctx)
}

// void declares that completions of the epochs so far count for nothing in a task's generation.
func (l *life) void(ctx context.Context, task string) error {
	t := l.board.byName[task]
	if t == nil {
		return fmt.Errorf("reopen blocks of task %s: the plan does not have it", task)
	}
	g, revision, err := l.state.generation(ctx, task)
	if err != nil {
		return err
	}
	g.VoidUntil = max(g.VoidUntil, l.record.Epoch)
	_, err = l.state.put(ctx, keyGeneration(task), encode(g), revision)
	return err
}

// reopen clears what is done in a box, tells it, and returns how many blocks that are.
func (l *life) reopen(t *taskBoard, box geometry.Roi) int64 {
	var reopened Ranges
	for first, length := range t.Grid.Rows(box) {
		for i, ok := t.done.Next(first); ok && i < first+int64(length); i, ok = t.done.Next(i + 1) {
			t.reopen(i)
			reopened = reopened.Append(i)
		}
	}
	l.tellAsked(EventBlockReopened, t, reopened)
	return reopened.Count()
}

// tellAsked tells what somebody has asked for, in events that are not too large for a message.
func (l *life) tellAsked(kind string, t *taskBoard, blocks Ranges) {
	for some := range slices.Chunk(blocks, rangesInEvent) {
		l.emit(Event{Kind: kind, Task: t.Name, Generation: t.Generation, Blocks: some, Reason: "asked for"})
	}
}

// reopen makes a block count as not done. Nothing has been published yet.
func (t *taskBoard) reopen(i int64) {
	if !t.done.Clear(i) {
		return
	}
	if t.selected(i) {
		t.nDone--
		if t.masked.Get(i) {
			t.nMasked--
		}
	}
	t.masked.Clear(i)
	t.scanned = t.nDone == t.total
}

// A reopening follows, through the events that the bitmaps may not cover yet, which blocks were told reopened and not
// told done since: whoever told it may have died before the bits were cleared.
type reopening map[*taskBoard]map[int64]bool

// note takes in an event of a task on the board, of its generation.
func (r reopening) note(t *taskBoard, e Event) {
	if e.Kind == EventBlockReopened && r[t] == nil {
		r[t] = map[int64]bool{}
	}
	if r[t] == nil {
		return
	}
	for _, blocks := range e.Blocks {
		for i := max(blocks.First(), 0); i < min(blocks.End(), t.done.Len()); i++ {
			switch {
			case e.Kind == EventBlockReopened:
				r[t][i] = true
			case e.done():
				delete(r[t], i)
			}
		}
	}
}

// finish clears their bits.
func (r reopening) finish() {
	for t, blocks := range r {
		for i := range blocks {
			t.reopen(i)
		}
	}
}
