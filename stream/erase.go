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

// eraseAll hands over what is left at the end of a run; of one that was stopped only the job under way.
func (l *life) eraseAll(io context.Context) error {
	if l.consumed == nil {
		return nil
	}
	e := &l.consumed.erasing
	if l.stop != nil {
		l.lingerErase()
		return l.storeAll(io)
	}
	e.failures = 0
	for e.busy || len(e.queue) > 0 && e.failures < eraseTries {
		if err := l.lease.Err(); err != nil {
			return err
		}
		l.startErase(io, time.Now())
		select {
		case r := <-e.results:
			l.erased(r)
		case <-time.After(tickPeriod):
		}
	}
	left := int64(0)
	for _, job := range e.queue {
		left += job.blocks.Count()
	}
	if left > 0 {
		l.log.Warn("consumed blocks could not be deleted; the next run tries again", "blocks", left)
	}
	return l.storeAll(io)
}

// lingerErase waits a moment for the job under way.
func (l *life) lingerErase() {
	e := &l.consumed.erasing
	if !e.busy {
		return
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
