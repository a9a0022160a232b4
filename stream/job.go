package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"

	"volara/fault"
	"volara/geometry"
)

// A job is one work message in a slot.
type job struct {
	shift  *shift
	work   work
	task   Task
	hold   *hold
	log    *slog.Logger
	result completion // what is not yet published
	part   int
	sent   time.Time // when something was last published
	lost   bool      // the hold, or the way to tell: nothing more may be said
}

// partTime is how long finished blocks may wait for the rest of their message.
const partTime = 50 * time.Millisecond

// longMessage is how long a message may take before the rest of its blocks are given back: they were put together when
// blocks were faster, as masked ones are, and other slots may be idle.
const longMessage = 10 * messageTime

// Reasons for a block's end that are not the block's own.
var (
	errFenced  = errors.New("the hold on the block was lost")
	errLeaving = errors.New("the worker is leaving")
	errGaveUp  = errors.New("gave up waiting")
	errHung    = errors.New("does not stop")
)

// do processes the blocks of the message in their order.
func (b *job) do(ctx context.Context) {
	first, began := true, time.Now()
	for at, r := range b.work.Blocks {
		for i := r.First(); i < r.End(); i++ {
			if !first && (ctx.Err() != nil || time.Since(began) > longMessage) {
				b.giveBack(at, i, "")
				b.publish(ctx)
				return
			}
			first = false
			if !b.block(ctx, at, i) {
				return
			}
			if time.Since(b.sent) > partTime {
				b.publish(ctx)
			}
		}
	}
	b.publish(ctx)
}

// block processes one block, the first that is left of the at-th range; false when the job is over with it.
func (b *job) block(ctx context.Context, at int, index int64) bool {
	began := time.Now()
	result, err := b.persist(ctx, index)
	fault.Point("worker.processed")
	switch {
	case err == nil:
		b.note(index, result, began)
	case b.hold.expired():
		b.log.Warn("gave up a block: the connection was cut off for too long", "block", index, "error", err)
		b.result.Failed = nil
		b.publish(ctx) // what is done stays done
		b.lost = true
		return false
	case errors.Is(err, errLeaving):
		b.giveBack(at, index, "")
		b.publish(ctx)
		return false
	case fault.IsTakenOver(err): // no block of the task can be done
		b.log.Debug("an output was taken over", "block", index, "error", err)
		b.giveBack(at, index, clip(fmt.Sprintf("task %s: %v", b.task.Name, err), maxErrorLength))
		b.result.Stop = true
		b.publish(ctx)
		return false
	case errors.Is(err, errGaveUp):
		b.log.Error("gave up a block", "block", index, "error", err)
		b.giveBack(at, index, err.Error())
		b.publish(ctx)
		return false
	default:
		b.log.Warn("a try failed", "block", index, "attempt", b.work.Attempt, "error", err)
		b.result.Failed = append(b.result.Failed, fails{
			Block: index, Error: clip(err.Error(), maxErrorLength), Permanent: fault.IsPermanent(err), Log: b.shift.w.opts.LogPath,
			Hung: errors.Is(err, errHung),
		})
	}
	return true
}

// note puts a block that is done into the next completion.
func (b *job) note(index int64, result Result, began time.Time) {
	c := &b.result
	if len(c.Done)+len(c.Masked) == 0 {
		c.Began = began
	}
	if result.Masked {
		c.Masked = c.Masked.Append(index)
		c.Masking += time.Since(began)
		return
	}
	c.Done = c.Done.Append(index)
	c.Timings = c.Timings.Add(result.Timings)
	c.Elapsed += time.Since(began)
}

// giveBack returns the blocks from index on.
func (b *job) giveBack(at int, index int64, reason string) {
	rest := append(Ranges{{index, b.work.Blocks[at].End() - index}}, b.work.Blocks[at+1:]...)
	b.result.Returned, b.result.Reason = rest, reason
}

// persist processes a block until it is done or failed: while its environment is at fault it keeps the block and tries
// again, without that being counted.
func (b *job) persist(ctx context.Context, index int64) (Result, error) {
	delay := b.shift.w.opts.PauseDelay
	longest := 64 * delay
	var since time.Time
	for {
		result, err := b.attempt(index)
		if !fault.IsEnvironment(err) || b.hold.expired() {
			if !since.IsZero() {
				b.shift.w.office.resumes(b)
				b.log.Info("the environment has recovered", "block", index, "after", time.Since(since).Round(time.Millisecond))
			}
			return result, err
		}
		if since.IsZero() {
			since = time.Now()
			b.log.Warn("waiting for the environment", "block", index, "error", err)
		}
		b.shift.w.office.pauses(b, err.Error())
		if time.Since(since) > b.shift.w.opts.PauseLimit {
			b.shift.w.office.resumes(b)
			return result, fmt.Errorf("%w: %w", errGaveUp, err)
		}
		if !b.wait(ctx, delay) {
			b.shift.w.office.resumes(b)
			return result, errLeaving
		}
		delay = min(2*delay, longest)
	}
}

// wait waits; false when the worker leaves or the run is stopped meanwhile.
func (b *job) wait(ctx context.Context, delay time.Duration) bool {
	end := time.NewTimer(delay)
	defer end.Stop()
	for {
		woken := b.shift.w.wakes.next()
		if b.shift.over(ctx) {
			return false
		}
		select {
		case <-end.C:
			return true
		case <-woken:
		case <-ctx.Done():
		}
	}
}

// hungGrace is how long a block whose time is up may take to notice.
const hungGrace = 2 * time.Second

// attempt processes a block once.
func (b *job) attempt(index int64) (Result, error) {
	p, release, err := b.processor()
	if err != nil {
		return Result{}, fmt.Errorf("open task %s: %w", b.task.Name, err)
	}
	block := b.task.Grid.At(index)
	if b.task.Timeout == 0 {
		defer release()
		return b.process(b.hold.context(), p, block)
	}
	ctx, cancel := b.hold.withTimeout(b.task.Timeout)
	defer cancel()
	type outcome struct {
		result Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		defer release()
		result, err := b.process(ctx, p, block)
		ended <- outcome{result, err}
	}()
	hung := time.NewTimer(b.task.Timeout + hungGrace)
	defer hung.Stop()
	select {
	case r := <-ended:
		if r.err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			r.err = fmt.Errorf("timed out after %v: %w", b.task.Timeout, r.err)
		}
		return r.result, r.err
	case <-hung.C:
		err := fmt.Errorf("timed out after %v and %w", b.task.Timeout, errHung)
		if b.task.Conflict { // it may still read and write: neither it nor a neighbour is started
			err = fault.Permanent(fmt.Errorf("%w; it may still be at work and is not tried again before the run goes on anew", err))
		}
		return Result{}, err
	}
}

// process calls the processor; a panic is an error.
func (b *job) process(ctx context.Context, p Processor, block geometry.Block) (result Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			b.log.Error("panic", "block", block.Index, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return p.Process(ctx, block)
}

// publish tells the tracker what became of blocks, and does not return before that is stored; when it cannot be told
// for long, the blocks are lost to another worker.
func (b *job) publish(ctx context.Context) {
	c := &b.result
	if b.lost || len(c.Done)+len(c.Masked)+len(c.Failed)+len(c.Crashed)+len(c.Returned) == 0 {
		return
	}
	c.Task, c.Generation, c.Epoch = b.work.Task, b.work.Generation, b.work.Epoch
	c.Attempt, c.Message, c.Part, c.Worker = b.work.Attempt, b.work.Blocks[0].First(), b.part, b.shift.w.opts.Name
	if err := b.shift.tell(ctx, b, *c); err != nil {
		b.log.Error("the tracker could not be told what is done; it will be done again", "error", err)
		b.lost = true
	}
	b.result, b.sent = completion{}, time.Now()
	b.part++
}

// finish acknowledges the message, unless it is another worker's by now.
func (b *job) finish(m *nats.Msg) {
	if !b.lost {
		b.shift.ack(m)
	}
}

// leaveGrace is how long a worker that leaves tries to tell what it has done. What is not told is done again.
const leaveGrace = 5 * time.Second

// tell stores a completion. A server that cannot be reached is waited for, not for long when ctx is cancelled.
func (s *shift) tell(ctx context.Context, b *job, c completion) error {
	trying, giveUp := context.WithTimeout(context.WithoutCancel(ctx), s.w.opts.PauseLimit)
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(leaveGrace, giveUp) })()
	data := encode(c)
	delay := s.w.opts.PauseDelay
	defer s.w.office.resumes(b)
	for {
		try, cancel := context.WithTimeout(trying, writeTimeout)
		_, err := s.w.js.Publish(try, doneSubject(s.w.run, c.Task), data)
		cancel()
		if err == nil || trying.Err() != nil || s.w.nc.IsClosed() {
			return err
		}
		s.w.office.pauses(b, fmt.Sprintf("what is done cannot be told: %v", err))
		select {
		case <-time.After(delay):
		case <-trying.Done():
		}
		delay = min(2*delay, 64*s.w.opts.PauseDelay)
	}
}
