package stream

import (
	"context"
	"fmt"
	"time"

	"volara/fault"
)

// stopping is a run on its way to a stop.
type stopping struct {
	reason string
	since  time.Time
	quiet  time.Time // since when no worker has had a block in work
	now    bool      // blocks in work are not waited for
}

// quietTime is how long nothing may have been folded after the last worker has finished, for its last completion to
// arrive.
const quietTime = 100 * time.Millisecond

// beginStop ends dispatching; blocks in work are still waited for.
func (l *life) beginStop(reason string) {
	if l.stop != nil {
		return
	}
	l.stop = &stopping{reason: reason, since: time.Now()}
	l.log.Info("the run is being stopped; blocks in work are finished", "reason", reason)
	l.wake(true)
}

// stopped reports whether a stop is complete: no worker has a block in work, and their completions are folded.
func (l *life) stopped() bool {
	if l.stop == nil {
		return false
	}
	if l.stop.now {
		return true
	}
	if l.crew.busy(l.epoch, l.stop.since) || len(l.completions) > 0 {
		l.stop.quiet = time.Time{}
		return false
	}
	if l.stop.quiet.IsZero() {
		l.stop.quiet = time.Now()
	}
	return time.Since(l.stop.quiet) > quietTime
}

// end stores everything, hands over what is consumed, and says how the run ended.
func (l *life) end(ctx, io context.Context) (Status, error) {
	l.noteEnded(time.Now())
	if l.consumed != nil {
		// Before the end is told: until then another life may begin.
		if err := l.storeAll(io); err != nil {
			return l.finalStatus(StateStopped, err.Error()), err
		}
		if err := l.eraseAll(ctx, io); err != nil {
			return l.finalStatus(StateStopped, err.Error()), err
		}
	}
	state, reason := StateDone, ""
	for _, t := range l.board.tasks {
		if t.nDone < t.total {
			state = StateFailed
		}
	}
	if l.stop != nil && !l.board.drained() {
		state, reason = StateStopped, l.stop.reason
	} else if l.pause.reason != "" {
		l.emit(Event{Kind: EventRunResumed})
	}
	status := l.finalStatus(state, reason)
	e := Event{Kind: EventRunDone, Status: state, Reason: reason}
	for _, t := range status.Tasks {
		e.Total += t.Total
		e.Done += t.Done
		e.Masked += t.Masked
		e.Failed += t.Failed
		e.Orphaned += t.Orphaned
	}
	l.emit(e)
	if err := l.storeAll(io); err != nil {
		return l.finalStatus(StateStopped, err.Error()), err
	}
	fault.Point("tracker.ending")
	if l.record.Epoch > 0 && !l.record.Ended || l.t.cancel.Load() != nil { // also when an earlier tracker died at this point
		if err := l.closeEpoch(io); err != nil {
			return status, err
		}
	}
	return status, nil
}

// storeAll writes what has not been written.
func (l *life) storeAll(io context.Context) error {
	for {
		if l.store.busy {
			if err := l.stored(<-l.store.results); err != nil {
				return err
			}
		}
		if l.store.err != nil && time.Since(l.store.failing) > storeGrace {
			return fault.Environment(fmt.Errorf("what is done could not be stored: %w", l.store.err))
		}
		if l.lease.doubtful() {
			if err := l.lease.regain(io, storeGrace); err != nil {
				return err
			}
		}
		job, any := l.storeJob(time.Now(), true)
		if !any {
			return nil
		}
		r := l.carryOut(io, job)
		if err := l.stored(r); err != nil {
			return err
		}
		if r.err == nil {
			return nil
		}
		time.Sleep(tickPeriod)
	}
}

// storeGrace is how long the last write is tried; what is lost with it is done again, from the completions.
const storeGrace = 5 * time.Second

// closeEpoch tells workers that nothing more is to come and removes the queue.
func (l *life) closeEpoch(io context.Context) error {
	ctx, cancel := context.WithTimeout(io, apiTimeout)
	defer cancel()
	l.record.Ended = true
	l.noteCancel()
	if l.board.drained() {
		l.record.Cancelled, l.record.CancelledUnder = "", ""
	}
	if l.epoch > 0 {
		l.record.Busy = l.board.atWork()
	}
	if err := l.putRecord(ctx); err != nil {
		return err
	}
	l.wake(true)
	fault.Point("tracker.ended")
	if _, err := dropQueues(ctx, l.t.js, l.t.plan.Run); err != nil {
		l.log.Warn("the queue is left to the next run to remove", "error", err)
	}
	return nil
}
