package stream

import (
	"context"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// A Tracker drives one run: it publishes the blocks that are ready, folds what workers report, and keeps the State.
type Tracker struct {
	nc     *nats.Conn
	plan   Plan
	opts   TrackerOptions
	status atomic.Pointer[Status]
}

// NewTracker returns the tracker of a plan; it checks the plan and touches nothing. Every task's Generation must be the
// current one of the run's State when Run begins.
func NewTracker(nc *nats.Conn, plan Plan, opts TrackerOptions) (*Tracker, error) {
	panic("being written")
}

// Run drives the run until every selected block is done, failed or orphaned (Status.State: done or failed), or until
// the run cannot or shall not go on (stopped; Status.Reason says why; the run may be resumed by another Run). When ctx
// is cancelled, nothing more is dispatched, blocks in work finish and are recorded, and Run returns StateStopped with
// a nil error. An error means that the tracker itself could not work: no connection, lease held by another tracker
// (ErrLeaseHeld), damaged state; the state as far as recorded is intact, and the error is marked with package fault.
func (t *Tracker) Run(ctx context.Context) (Status, error) { panic("being written") }

// Snapshot returns the run as it was at most a tenth of a second ago. It is cheap and may be called at any time; the
// slices in it are shared and must not be changed.
func (t *Tracker) Snapshot() Status { return *t.status.Load() }
