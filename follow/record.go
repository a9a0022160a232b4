package follow

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"volara/stream"
)

// The events in a run's folder tell of everything but blocks that were adopted (volara up --adopt), of what was forgotten
// (volara drop), and of what happened so long ago that it is not kept any more; and of a task that was begun anew they tell
// with its first block only. The status counts what is done, of the blocks that the last run was asked for. Where the two do
// not agree, the run's record is asked for: of whoever works on the run, or by opening its state for a moment, which keeps
// others from it and is therefore done seldom.

// asked is what is known of the record.
type asked struct {
	looked  bool
	started time.Time // of the run that was last looked at
	at      time.Time
	updated time.Time // the status, when the record was last asked for
	warned  bool
}

// compareAfter is how long it is believed that the events tell of all blocks that are done.
const compareAfter = 10 * time.Second

// compare asks for the record where events and status differ. A zero status is that of a run that has none.
func (b *Blocks) compare(ctx context.Context, status stream.Status) {
	first := !b.asked.looked || !b.asked.started.Equal(status.Started)
	if !first && (time.Since(b.asked.at) < compareAfter || b.asked.updated.Equal(status.Updated)) {
		return
	}
	b.asked.looked, b.asked.started, b.asked.at = true, status.Started, time.Now()
	short, unsure := b.differ(status)
	if !short && !(first && (unsure || live(status))) {
		return
	}
	b.asked.updated = status.Updated
	err := b.recall(ctx)
	if err != nil && (short || unsure) && !b.asked.warned {
		b.asked.warned = true
		b.log.Warn("what is recorded of the run cannot be read: blocks that were done long ago may not be shown as done", "error", err)
	}
	b.takeFailures(status)
}

// differ reports whether the status counts blocks that no event tells of, and whether there may be such blocks that it does
// not count, or the other way round.
func (b *Blocks) differ(status stream.Status) (short, unsure bool) {
	counted := map[string]stream.TaskStatus{}
	for _, t := range status.Tasks {
		counted[t.Name] = t
	}
	for name, m := range b.maps {
		known := m.Tally().Done()
		t, is := counted[name]
		part := t.Total+t.LeftOut < m.Len()
		short = short || known < t.Done
		unsure = unsure || !is || part || known != t.Done
	}
	return short, unsure
}

// recall takes in what is recorded.
func (b *Blocks) recall(ctx context.Context) error {
	if _, err := os.Stat(b.dir); errors.Is(err, fs.ErrNotExist) { // the run has not begun, or has been forgotten
		for _, m := range b.maps {
			m.Forget()
		}
		return nil
	}
	records, err := b.record(ctx)
	if err != nil {
		return err
	}
	for name, m := range b.maps {
		switch r, ok := records[name]; {
		case !ok:
			m.Forget()
		case r.Changed || r.Done.Len() != m.Len(): // other blocks than those that are followed
			m.SetGeneration(r.Generation)
		default:
			m.SetDone(r.Generation, r.Done, r.Masked)
		}
	}
	return nil
}

// takeFailures takes in which blocks have failed in the last run, as far as that is told.
func (b *Blocks) takeFailures(status stream.Status) {
	for _, t := range status.Tasks {
		if m := b.maps[t.Name]; m != nil {
			for _, f := range t.Failures {
				m.SetFailed(f.Block)
			}
		}
	}
}
