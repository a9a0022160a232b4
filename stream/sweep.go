package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A sweeper looks whether messages were lost: completions are expected, yet the queue of their task is empty and every
// completion is folded. A worker acknowledges a message after its completion is stored, so that an empty queue and the
// sequence of the last completion, read in this order, tell. Two sweeps in a row must agree, for messages that were
// sent and not yet stored.
type sweeper struct {
	results chan sweepResult
	busy    bool
	cancel  context.CancelFunc // of the one that is busy
	at      time.Time
	folds   int64
	suspect map[string]bool // tasks that the last sweep found empty
	failing time.Time       // since when the queue could not be looked at, or completions have not come
}

// How long a queue may be out of sight while the state can be written (the servers that hold it are gone), and how long
// completions may lie there without coming to the tracker (the subscription is gone).
const (
	queuePatience  = 15 * time.Second
	followPatience = 4 * time.Second
)

type sweepResult struct {
	empty []string // tasks with nothing in their queue
	last  uint64   // sequence of the last completion
	folds int64    // when the sweep began
	err   error
}

// startSweep begins a sweep when nothing was folded since the last one.
func (l *life) startSweep(io context.Context, now time.Time) {
	s := &l.sweep
	if s.busy || l.epoch == 0 || now.Sub(s.at) < sweepPeriod {
		return
	}
	s.at = now
	if s.folds != l.folds {
		s.folds, s.suspect, s.failing = l.folds, nil, time.Time{}
		return
	}
	var tasks []string
	for _, t := range l.board.tasks {
		if t.expects() {
			tasks = append(tasks, t.Name)
		}
	}
	if len(tasks) == 0 {
		return
	}
	s.busy = true
	folds := l.folds
	ctx, cancel := context.WithCancel(io)
	s.cancel = cancel
	go func() { s.results <- l.look(ctx, tasks, folds) }()
}

// close ends a sweep that is under way, and waits for it.
func (s *sweeper) close() {
	if s.busy {
		s.cancel()
		<-s.results
		s.busy = false
	}
}

// look asks for the state of the queues.
func (l *life) look(io context.Context, tasks []string, folds int64) sweepResult {
	ctx, cancel := context.WithTimeout(io, apiTimeout)
	defer cancel()
	r := sweepResult{folds: folds}
	for _, task := range tasks {
		c, err := l.t.js.Consumer(ctx, workStream(l.t.plan.Run, l.epoch), workConsumer(task))
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrConsumerNotFound):
			r.err = fmt.Errorf("%w: %w", errQueueLost, err)
			return r
		case err != nil:
			r.err = jetStreamError(err)
			return r
		}
		if info := c.CachedInfo(); info.NumPending == 0 && info.NumAckPending == 0 {
			r.empty = append(r.empty, task)
		}
	}
	info, err := l.done.Info(ctx)
	if err != nil {
		r.err = fmt.Errorf("look at the completions: %w", jetStreamError(err))
		return r
	}
	r.last = info.State.LastSeq
	return r
}

// swept publishes again what was lost.
func (l *life) swept(r sweepResult) error {
	s := &l.sweep
	s.busy = false
	s.cancel()
	if errors.Is(r.err, errQueueLost) {
		return r.err
	}
	if r.err != nil || r.folds != l.folds || r.last > l.folded {
		s.suspect = nil
		return l.stuck(r)
	}
	s.failing = time.Time{}
	suspect := map[string]bool{}
	for _, task := range r.empty {
		if !s.suspect[task] {
			suspect[task] = true
			continue
		}
		if n := l.board.byName[task].lost(time.Now()); n > 0 {
			l.log.Warn("work was lost and is published again", "task", task, "blocks", n)
		}
	}
	s.suspect = suspect
	return nil
}

// stuck ends the epoch when its queue has been out of sight for too long, and subscribes again when nothing comes
// although there is something.
func (l *life) stuck(r sweepResult) error {
	s := &l.sweep
	if (r.err == nil && r.folds != l.folds) || l.store.err != nil || l.lease.doubtful() {
		s.failing = time.Time{}
		return nil
	}
	if s.failing.IsZero() {
		s.failing = s.at
	}
	since := time.Since(s.failing)
	switch {
	case r.err != nil && since > queuePatience:
		return fmt.Errorf("%w: %w", errQueueLost, r.err)
	case r.err == nil && since > followPatience:
		s.failing = time.Time{}
		l.log.Warn("completions do not come; subscribing again")
		return l.refollow()
	}
	return nil
}

// refollow subscribes to the completions again, from where they stopped coming.
func (l *life) refollow() error {
	l.following.Unsubscribe() // it fails with the connection only
	sub, err := l.followCompletions()
	if err != nil {
		return err
	}
	l.following = sub
	return nil
}
