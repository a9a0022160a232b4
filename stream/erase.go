package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// An eraser hands over the blocks whose consumption is stored, one job at a time, beside the tracker's loop.
type eraser struct {
	queue    []eraseJob
	most     int64 // blocks in a job
	room     int   // jobs that may wait in the queue before no more blocks are looked for
	busy     bool
	results  chan eraseResult
	cancel   context.CancelFunc
	next     time.Time // after a failure: not before
	warned   bool
	failures int // in a row
}

type eraseResult struct {
	job eraseJob
	err error
}

// How failed jobs are tried again: as long as the run goes on, and at its end until so many have failed in a row.
const (
	erasePause  = time.Second
	eraseTries  = 3
	eraseLinger = 5 * time.Second // how long a run that is being stopped waits for the job under way
)

// mostJobs bounds the jobs that wait: where blocks are done faster than they are deleted, their pages are noted instead.
const mostJobs = 64

// full reports whether enough jobs wait.
func (e *eraser) full() bool { return len(e.queue) >= e.room }

// release lets jobs be carried out: what makes their blocks consumed is stored.
func (c *consumption) release(jobs []eraseJob) {
	if c != nil {
		c.erasing.queue = append(c.erasing.queue, jobs...)
	}
}

// startErase begins the next job, unless one is under way or somebody else may lead by now.
func (l *life) startErase(io context.Context, now time.Time) {
	if l.consumed == nil {
		return
	}
	e := &l.consumed.erasing
	if e.busy || len(e.queue) == 0 || now.Before(e.next) || !l.lease.held() {
		return
	}
	job := e.queue[0]
	e.queue = e.queue[1:]
	ctx, cancel := context.WithCancel(io)
	e.busy, e.cancel = true, cancel
	go func() {
		e.results <- eraseResult{job, l.t.opts.Consumed(ctx, job.writer.Name, job.blocks)}
	}()
}

// erased takes in how a job went; one that failed goes to the end of the queue.
func (l *life) erased(r eraseResult) {
	e := &l.consumed.erasing
	e.cancel()
	e.busy = false
	if r.err == nil {
		e.failures = 0
		for _, blocks := range r.job.blocks {
			r.job.writer.owe(blocks, -1)
		}
		return
	}
	e.failures++
	e.queue = append(e.queue, r.job)
	if !errors.Is(r.err, context.Canceled) {
		e.next = time.Now().Add(erasePause)
		if !e.warned {
			e.warned = true
			l.log.Warn("consumed blocks could not be deleted; trying again", "task", r.job.writer.Name, "error", r.err)
		}
	}
}

// eraseAll hands over what is left at the end of a run, until ctx is cancelled or somebody cancels the run; of one that
// was stopped only the job under way. What it leaves is recorded, and the next run's.
func (l *life) eraseAll(ctx, io context.Context) error {
	if l.consumed == nil {
		return nil
	}
	e := &l.consumed.erasing
	e.failures = 0
	tick := time.NewTicker(tickPeriod)
	defer tick.Stop()
	stopped := func() bool { return l.stop != nil || ctx.Err() != nil }
	for !stopped() {
		if err := l.lease.Err(); err != nil {
			return err
		}
		if l.consumed.suspects() && !e.full() {
			if err := l.storeAll(io); err != nil {
				return err
			}
		} else if len(e.queue) == 0 && !e.busy {
			return l.storeAll(io)
		}
		if e.failures >= eraseTries && !e.busy {
			l.log.Warn("consumed blocks could not be deleted; the next run tries again", "blocks", e.waiting())
			return l.storeAll(io)
		}
		l.startErase(io, time.Now())
		l.eraseSome(ctx, tick, e.busy || len(e.queue) > 0)
	}
	l.lingerErase()
	if l.consumed.suspects() || len(e.queue) > 0 {
		l.log.Info("consumed blocks are left for the next run to delete", "at_least", e.waiting())
	}
	return l.storeAll(io)
}

// eraseSome deals with something that happens while blocks are handed over at the end of a run, and waits for it or not.
func (l *life) eraseSome(ctx context.Context, tick *time.Ticker, wait bool) {
	ready := make(chan struct{})
	if !wait {
		close(ready)
	}
	select {
	case <-ready:
	case r := <-l.consumed.erasing.results:
		l.erased(r)
	case m := <-l.t.controls:
		l.controlAtEnd(m)
	case now := <-tick.C:
		l.publishStatus(now)
	case <-ctx.Done():
	}
}

// waiting returns how many blocks wait to be handed over.
func (e *eraser) waiting() (blocks int64) {
	for _, job := range e.queue {
		blocks += job.blocks.Count()
	}
	return blocks
}

// lingerErase waits a moment for the job under way, unless nothing is to be waited for.
func (l *life) lingerErase() {
	e := &l.consumed.erasing
	if !e.busy {
		return
	}
	if l.stop != nil && l.stop.now {
		e.cancel()
	}
	limit := time.AfterFunc(eraseLinger, e.cancel)
	defer limit.Stop()
	l.erased(<-e.results)
}

// closeErase ends the job under way: nothing is handed over once another life has begun.
func (l *life) closeErase() {
	if l.consumed == nil || !l.consumed.erasing.busy {
		return
	}
	l.consumed.erasing.cancel()
	<-l.consumed.erasing.results
}

// eraseResults is where the job under way says how it went; nil when nothing is consumed.
func (l *life) eraseResults() <-chan eraseResult {
	if l.consumed == nil {
		return nil
	}
	return l.consumed.erasing.results
}

// loadOwed takes in what an earlier tracker left to be handed over. Where nothing is consumed in this run, the record
// goes: what this run does is not in it.
func (l *life) loadOwed(ctx context.Context, e jetstream.KeyValueEntry) error {
	parts := strings.Split(e.Key(), ".")
	name, err := untoken(parts[1])
	if err != nil {
		return err
	}
	t := l.board.byName[name]
	if l.consumed == nil || l.consumed.writers[t] == nil {
		if err := l.state.kv.Delete(ctx, e.Key(), jetstream.LastRevision(e.Revision())); err != nil {
			return fmt.Errorf("clear what is consumed of task %s: %w", name, jetStreamError(err))
		}
		return nil
	}
	var r owedRecord
	if err := json.Unmarshal(e.Value(), &r); err != nil {
		return err
	}
	l.consumed.writers[t].load(r, e.Revision())
	return nil
}
