package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// Periods of the tracker.
const (
	tickPeriod   = 50 * time.Millisecond // bitmaps are stored, the status is renewed
	sweepPeriod  = time.Second
	reportExpiry = 3 * time.Second // a worker that has not reported for so long is taken for dead
	foldAtOnce   = 512             // completions between two dispatches
)

// A life is one epoch of a run: all that the tracker holds in memory, from loading the state to the end of the run or
// the loss of the queue. Its methods run on one goroutine; writes to JetStream run beside it, one at a time.
type life struct {
	t     *Tracker
	lease *Lease
	log   *slog.Logger

	state     *State
	record    runRecord
	recordRev uint64
	board     *board
	epoch     uint64 // 0 until there is a queue
	store     storeBook

	completions chan *nats.Msg
	reports     chan *nats.Msg
	done        jetstream.Stream
	following   *nats.Subscription // delivers the completions
	folded      uint64             // stream sequence of the last completion folded
	folds       int64
	announced   map[string]map[int64]bool // blocks that an earlier life told people are done, not yet in the bitmaps
	unfolded    uint64                    // last sequence of the completions that an earlier life left

	crew   crew
	events []Event // not yet stored
	teller teller
	over   []bool

	pause  pause
	stop   *stopping
	queued bool // something was published since workers were last woken
	sweep  sweeper
	disk   *disk

	consumed *consumption // nil: nothing is

	journals     []string  // read, to be removed once stored
	liveJournals bool      // of workers that may have served an earlier epoch
	strays       time.Time // until when workers of earlier epochs may be at work; zero: none are

	gone    chan struct{} // closed at the end
	closers []func()
}

// run lives the epoch. It returns no error when the run has ended or was stopped.
func (l *life) run(ctx context.Context) (Status, error) {
	// What is written while the run stops must not be cut off by ctx.
	io := context.WithoutCancel(ctx)
	defer l.close()
	if err := l.load(io); err != nil {
		return l.finalStatus(StateStopped, err.Error()), err
	}
	if !l.t.reported {
		l.t.reported = true
		l.emit(Event{Kind: EventRunStarted})
	}
	if !l.board.drained() {
		err := l.open(io)
		if err == nil && len(l.journals) > 0 {
			// Before its block is tried again: one that kills this very process would do so for ever, uncounted.
			err = l.storeAll(io)
		}
		if err != nil {
			return l.finalStatus(StateStopped, err.Error()), err
		}
		if err := l.loop(ctx, io); err != nil {
			return l.finalStatus(StateStopped, err.Error()), err
		}
	}
	return l.end(ctx, io)
}

// loop dispatches and folds until the run is drained or stopped.
func (l *life) loop(ctx, io context.Context) error {
	tick := time.NewTicker(tickPeriod)
	defer tick.Stop()
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	cancelled := ctx.Done()
	l.checkDisk(time.Now())
	l.heedCancel()
	atOnce := make(chan struct{})
	close(atOnce)
	for {
		var more <-chan struct{}
		if l.dispatch(time.Now()) {
			more = atOnce
		}
		if l.board.drained() || l.stopped() {
			return nil
		}
		if due, ok := l.board.retry.first(); ok {
			retry.Reset(time.Until(due))
		}
		var err error
		select {
		case m := <-l.completions:
			l.foldSome(m)
		case m := <-l.reports:
			l.hear(m)
		case m := <-l.t.controls:
			l.control(m)
		case now := <-tick.C:
			err = l.tick(io, now)
		case r := <-l.store.results:
			err = l.stored(r)
		case r := <-l.sweep.results:
			err = l.swept(r)
		case r := <-l.eraseResults():
			l.erased(r)
			l.startErase(io, time.Now())
		case <-retry.C:
		case <-more:
		case <-cancelled:
			cancelled = nil
			l.beginStop("cancelled")
		}
		if err != nil {
			return err
		}
	}
}

// tick does what is done from time to time.
func (l *life) tick(io context.Context, now time.Time) error {
	if l.t.nc.IsClosed() {
		return fault.Environment(errors.New("the connection to NATS is closed"))
	}
	l.crew.expire(now)
	for _, t := range l.board.tasks {
		t.pace.tick(t.nDone, now)
	}
	if err := l.checkStrays(io, now); err != nil {
		return err
	}
	l.noteEnded(now)
	l.checkDisk(now)
	l.notePause(now)
	l.publishStatus(now)
	l.startStore(io, now)
	l.startErase(io, now)
	l.startSweep(io, now)
	if l.stop != nil {
		l.wake(true)
	}
	// As long as the lease cannot be renewed nothing is stored either.
	return l.lease.Err()
}

// foldSome folds a completion and what has come with it.
func (l *life) foldSome(m *nats.Msg) {
	now := time.Now()
	l.fold(m, now)
	for range foldAtOnce {
		select {
		case m := <-l.completions:
			l.fold(m, now)
		default:
			return
		}
	}
}

// fold folds a completion that was delivered.
func (l *life) fold(m *nats.Msg, now time.Time) {
	meta, err := m.Metadata()
	if err != nil || meta.Sequence.Stream <= l.folded {
		return // not from the stream, or seen before the consumer was made anew
	}
	l.foldCompletion(meta.Sequence.Stream, m.Data, now)
}

// foldCompletion folds the completion at a sequence of the stream.
func (l *life) foldCompletion(sequence uint64, data []byte, now time.Time) {
	l.folded = sequence
	l.folds++
	var c completion
	if err := json.Unmarshal(data, &c); err != nil {
		l.log.Error("ignoring a completion that cannot be read", "sequence", l.folded, "error", err)
		return
	}
	events, err := l.board.fold(c, now)
	if err != nil {
		l.log.Error("ignoring a completion", "error", err)
		return
	}
	fault.Point("tracker.folded")
	l.noteProgress(c, events, now)
	for _, e := range events {
		if e.done() {
			l.consumed.note(l.board.byName[c.Task], e.Blocks)
		}
		if e.done() && l.folded <= l.unfolded {
			e.Blocks = l.unannounced(e)
			if len(e.Blocks) == 0 {
				continue
			}
		}
		l.emit(e)
	}
	switch {
	case c.Epoch != l.epoch || len(c.Returned) == 0 || c.Reason == "":
	case c.Stop:
		l.beginStop(c.Reason)
	default:
		l.beginStop(fmt.Sprintf("worker %s gave up waiting: %s", c.Worker, c.Reason))
	}
}

// noteProgress keeps what is told about a task beside its counts.
func (l *life) noteProgress(c completion, events []Event, now time.Time) {
	p := l.t.progress[c.Task]
	if p == nil || len(events) == 0 {
		return
	}
	l.noteStarted(c.Task, c.Began)
	for _, e := range events {
		if e.Kind == EventBlockDone {
			p.timings = p.timings.Add(*e.Timings)
		}
	}
}

// noteStarted tells that the first block of a task is in work.
func (l *life) noteStarted(task string, at time.Time) {
	p := l.t.progress[task]
	if p == nil || !p.started.IsZero() || l.epoch == 0 {
		return
	}
	if at.IsZero() { // a block that failed does not say when it began
		at = time.Now()
	}
	p.started = at.Round(0).UTC()
	l.emit(Event{Kind: EventTaskStarted, Task: task, Total: l.board.byName[task].total, Time: at})
}

// noteEnded tells which tasks have come to their end.
func (l *life) noteEnded(now time.Time) {
	for i, over := range l.board.ended() {
		if !over || l.over[i] {
			continue
		}
		l.over[i] = true
		t := l.board.tasks[i]
		p := l.t.progress[t.Name]
		if p.started.IsZero() || !p.finished.IsZero() {
			continue // nothing was done in this run, or it was told before the queue was lost
		}
		p.finished = now.Round(0).UTC()
		l.emit(Event{
			Kind: EventTaskDone, Task: t.Name, Total: t.total, Done: t.nDone, Masked: t.nMasked, Failed: t.nFailed,
			Orphaned: t.total - t.nDone - t.nFailed,
		})
	}
}

// emit completes an event and puts it with those to be stored.
func (l *life) emit(e Event) {
	e.Version, e.Run, e.Epoch = EventVersion, l.t.plan.Run, l.epoch
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC()
	l.events = append(l.events, e)
}
