package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/nats-io/nats.go"

	"volara/embedded"
	"volara/stream"
)

// ErrNotRunning says that no process works on the run.
var ErrNotRunning = errors.New("the run is not being worked on")

// How long whoever may work on the run has to answer for it, and how often it is asked: it may be starting, or be dead
// and about to be replaced.
const (
	answerLimit  = 10 * time.Second
	answerPeriod = 50 * time.Millisecond
)

// A Control reaches whoever works on a run: the `up` that holds the state directory, or the leader on an external
// server, wherever that is.
type Control struct {
	Server Server
	Run    string
}

// MayRun reports whether somebody may be at work on the run, as far as can be seen without asking.
func (c Control) MayRun() bool { return c.Server.External() || embedded.Locked(c.Server.StateDir) }

// Cancel asks the run to stop and returns when it was heard: blocks in work are finished first, or with now are left.
// ErrNotRunning: there is nothing to stop.
func (c Control) Cancel(ctx context.Context, now bool) error {
	return c.reach(ctx, func(nc *nats.Conn) error { return stream.Cancel(ctx, nc, c.Run, whoAmI(), now) })
}

// AwaitStop waits, after Cancel, until the process that works on the run has gone; on an external server, until the run
// has ended or nobody leads it. stream.ErrGoesOn: it was begun again meanwhile.
func (c Control) AwaitStop(ctx context.Context) error {
	if c.Server.External() {
		nc, err := c.Server.Connect("volara")
		if err != nil {
			return err
		}
		defer nc.Close()
		return stream.AwaitEnd(ctx, nc, c.Run)
	}
	for c.MayRun() {
		select {
		case <-time.After(answerPeriod):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Retry asks the run to give failed blocks all their attempts again and returns how many, by task. ErrNotRunning: the
// next Up does so by itself. An *InputError names what has not failed or is not there.
func (c Control) Retry(ctx context.Context, r stream.RetryRequest) (map[string]int64, error) {
	var blocks map[string]int64
	err := c.reach(ctx, func(nc *nats.Conn) (err error) {
		blocks, err = stream.Retry(ctx, nc, c.Run, r)
		if errors.Is(err, stream.ErrEnding) {
			err = ErrNotRunning
		}
		return err
	})
	if refused, ok := errors.AsType[*stream.RefusedError](err); ok {
		err = &InputError{refused}
	}
	return blocks, err
}

// reach calls f with a connection to the run's server until somebody answers for the run, or nobody can.
func (c Control) reach(ctx context.Context, f func(*nats.Conn) error) error {
	deadline := time.Now().Add(answerLimit)
	for {
		if !c.MayRun() {
			return fmt.Errorf("%w: %s", ErrNotRunning, c.Run)
		}
		err := c.ask(f)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, stream.ErrNotLed) && !errors.Is(err, stream.ErrEnding):
			return err
		case time.Now().After(deadline) && c.Server.External():
			return fmt.Errorf("%w: %s", ErrNotRunning, c.Run)
		case time.Now().After(deadline):
			return inputErrorf("%s is in use, but not by a process that works on run %s", c.Server.StateDir, c.Run)
		}
		select {
		case <-time.After(answerPeriod):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ask calls f with a connection; where there is no embedded server yet, or none any more, nobody leads the run.
func (c Control) ask(f func(*nats.Conn) error) error {
	nc, err := c.Server.Connect("volara")
	if err != nil && !c.Server.External() {
		err = fmt.Errorf("%w: %w", stream.ErrNotLed, err)
	}
	if err != nil {
		return err
	}
	defer nc.Close()
	return f(nc)
}

// whoAmI names the user and the host for those who read why a run has stopped.
func whoAmI() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name + "@" + stream.ThisHost().Name()
}

// listen makes r heed cancels until deaf is called: a Tracker does it while it leads. Unless the run has come to its end
// it is recorded, for standbys.
func (r *run) listen(ctx context.Context, over bool) (err error) {
	r.deaf, err = stream.OnCancel(r.nc, r.pipeline.Name, func(by string) error {
		r.cancel(fmt.Errorf("cancelled by %s", by))
		if over {
			return nil
		}
		return r.state.NoteCancel(context.WithoutCancel(ctx), r.lease, by)
	})
	return err
}
