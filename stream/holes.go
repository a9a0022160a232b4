package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// A block that a run skips is a hole: what reads it is done without it. That is what was asked for; but once the block is
// done after all, what was done without it is out of date. These functions find that out.

// NoteHoles records that a run of a task's generation skips blocks.
func (s *State) NoteHoles(ctx context.Context, task, generation string) error {
	if _, err := s.kv.Put(ctx, keyHoles(task, generation), []byte("1")); err != nil {
		return fmt.Errorf("note what task %s skips: %w", task, jetStreamError(err))
	}
	return nil
}

// HadHoles reports whether some run of a task's generation has skipped blocks.
func (s *State) HadHoles(ctx context.Context, task, generation string) (bool, error) {
	_, err := s.kv.Get(ctx, keyHoles(task, generation))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read what task %s has skipped: %w", task, jetStreamError(err))
	}
	return true, nil
}

// ReadsUndone reports whether a block of down that is done reads a block of up that up's run wants done and that is not;
// all says that each block of down reads all of them.
func ReadsUndone(up, down Task, upDone, downDone *Bitmap, all bool) bool {
	if downDone.Count() == 0 || upDone.Count() == upDone.Len() {
		return false
	}
	down.Select, down.Skip = down.Grid.All(), nil // whatever a run has selected, its outputs are there
	u, d := newTaskBoard(up), newTaskBoard(down)
	l := &link{up: u, down: d}
	for first, length := range up.Grid.Rows(up.Select) {
		for i := first; i < first+int64(length); i++ {
			if upDone.Get(i) || u.skipped(i) {
				continue
			}
			if all {
				return true
			}
			at := u.position(i)
			found := false
			l.readers(&at, 1, func(at position, length int) {
				found = found || downDone.CountRange(d.index(&at), int64(length)) > 0
			})
			if found {
				return true
			}
		}
	}
	return false
}
