package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// A Tracker drives one run: it publishes the blocks that are ready, folds what workers report, and keeps the State.
type Tracker struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	plan   Plan
	opts   TrackerOptions
	log    *slog.Logger
	status atomic.Pointer[Status]

	began    time.Time
	reported bool    // that the run has begun
	recorded bool    // that this process leads, in the run's record
	led      bool    // an epoch has begun in this process
	untold   []Event // of the epoch before
	progress map[string]*progress

	controls chan *nats.Msg // requests to the run, while it is led
	cancel   atomic.Pointer[cancelRequest]
}

// progress is what is known of a task since Run began, over all epochs.
type progress struct {
	counted  bool // skipped is known
	skipped  int64
	started  time.Time
	finished time.Time
	timings  Timings
}

// NewTracker returns the tracker of a plan; it checks the plan and touches nothing. Every task's Generation must be the
// current one of the run's State when Run begins.
func NewTracker(nc *nats.Conn, plan Plan, opts TrackerOptions) (*Tracker, error) {
	if err := plan.Validate(); err != nil {
		return nil, fmt.Errorf("the plan cannot be run: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	opts = opts.withDefaults()
	t := &Tracker{
		nc: nc, js: js, plan: plan, opts: opts, log: opts.Logger.With("run", plan.Run),
		progress: map[string]*progress{},
	}
	status := Status{Run: plan.Run, State: StateRunning}
	for _, task := range plan.Tasks {
		t.progress[task.Name] = &progress{}
		status.Tasks = append(status.Tasks, TaskStatus{Name: task.Name, Total: task.Wanted(), Voxels: task.Voxels})
	}
	t.status.Store(&status)
	return t, nil
}

// Snapshot returns the run as it was at most a tenth of a second ago. It is cheap and may be called at any time; the
// slices in it are shared and must not be changed.
func (t *Tracker) Snapshot() Status { return *t.status.Load() }

// Run drives the run until every selected block is done, failed or orphaned (Status.State: done or failed), or until
// the run cannot or shall not go on (stopped; Status.Reason says why; the run may be resumed by another Run). When ctx
// is cancelled, nothing more is dispatched, blocks in work finish and are recorded, and Run returns StateStopped with
// a nil error. An error means that the tracker itself could not work: no connection, lease held by another tracker
// (ErrLeaseHeld), damaged state; what was recorded is intact, and the error is marked with package fault. Run may be
// called again after it has returned, not before.
func (t *Tracker) Run(ctx context.Context) (Status, error) {
	t.began, t.reported, t.recorded, t.untold = time.Now(), false, false, nil
	t.cancel.Store(nil)
	for _, p := range t.progress {
		*p = progress{}
	}
	l := t.opts.Lease
	if l == nil {
		var err error
		l, err = TakeLease(ctx, t.js, t.plan.Run, LeaseOptions{Holder: t.opts.Holder, TTL: t.opts.LeaseTTL,
			Exclusive: t.opts.Exclusive, Standby: t.opts.Standby, Replicas: t.opts.Replicas, Logger: t.opts.Logger})
		if err != nil && ctx.Err() != nil {
			status := t.Snapshot()
			status.State, status.Reason = StateStopped, "cancelled"
			return status, nil
		}
		if err != nil {
			return t.Snapshot(), err
		}
		defer t.release(ctx, l)
	}
	fault.Point("tracker.leads")
	status, err := t.answerAndLead(ctx, l)
	// A leader that was replaced leaves the files to its successor.
	if err != nil && t.opts.Dir != "" && l.held() {
		if e := writeStatus(t.opts.Dir, status); e != nil {
			t.log.Warn("the last status could not be written", "error", e)
		}
	}
	return status, err
}

// release gives back a lease that Run took.
func (t *Tracker) release(ctx context.Context, l *Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := l.Release(ctx); err != nil {
		t.log.Warn("the next tracker may have to wait", "error", err)
	}
}

// answerAndLead leads the run and answers requests meanwhile.
func (t *Tracker) answerAndLead(ctx context.Context, l *Lease) (Status, error) {
	stop, err := t.listenControl()
	if err != nil {
		return t.Snapshot(), err
	}
	defer stop()
	return t.lead(ctx, l)
}

// lead lives through one epoch after the other. An epoch ends early when its queue is lost, or when somebody else
// wrote to the state: what was in memory is forgotten then and read again, never merged.
func (t *Tracker) lead(ctx context.Context, l *Lease) (Status, error) {
	var troubled time.Time // since when no epoch has made progress
	var paused pause
	for {
		life := &life{t: t, lease: l, log: t.log, pause: paused}
		status, err := life.run(ctx)
		if err == nil || !life.mayGoOn(err) {
			return status, err
		}
		now := time.Now()
		if life.folds > 0 || troubled.IsZero() {
			troubled = now
		}
		if now.Sub(troubled) > t.opts.PauseLimit || ctx.Err() != nil || t.nc.IsClosed() {
			return status, err
		}
		t.untold = life.untold()
		paused = pause{reason: life.pause.reason, since: life.pause.since}
		t.log.Warn("the epoch is over, starting another one", "error", err)
		if err := l.regain(ctx, t.opts.PauseLimit); err != nil {
			return status, err
		}
		if life.folds == 0 {
			rest(ctx, epochPause)
		}
	}
}

// epochPause lies between an epoch that came to nothing and the next one.
const epochPause = 250 * time.Millisecond

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// errQueueLost says that the work stream is gone: the server was restarted.
var errQueueLost = errors.New("the queue is lost")

// mayGoOn reports whether another epoch may succeed where this one ended with err.
func (l *life) mayGoOn(err error) bool {
	return errors.Is(err, errQueueLost) || errors.Is(err, ErrConflict) || fault.IsEnvironment(err) && !fault.IsPermanent(err)
}

func (o TrackerOptions) withDefaults() TrackerOptions {
	o.AckWait = orDefault(o.AckWait, 10*time.Second)
	o.MaxCrashes = orDefault(o.MaxCrashes, 10)
	o.MaxBatch = orDefault(o.MaxBatch, 64)
	o.PauseLimit = orDefault(o.PauseLimit, 10*time.Minute)
	o.EventBytes = orDefault(o.EventBytes, 64<<20)
	o.MinFree = orDefault(o.MinFree, 256<<20)
	o.BallastSize = orDefault(o.BallastSize, 8<<20)
	o.DiskPath = orDefault(o.DiskPath, o.Dir)
	o.Logger = orDefault(o.Logger, slog.Default())
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}
	}
	return o
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
