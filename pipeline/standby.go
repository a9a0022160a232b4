package pipeline

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"volara/stream"
)

// A standby remembers whether the run had been cancelled when it began to wait: a run that is cancelled while it waits
// has ended, and is not gone on with.
type standby struct {
	run    string
	host   stream.Host
	waited bool
	before string // lease under which it had been cancelled by then, "": none
}

// waits is a sessionOptions.Waiting: a standby that could never take over does not wait.
func (s *standby) waits(ctx context.Context, js jetstream.JetStream) error {
	s.waited = true
	c, err := stream.LastCancel(ctx, js, s.run)
	if err != nil {
		return err
	}
	if !c.Pending {
		s.before = c.Under
	}
	return s.check(ctx, js)
}

// cancelled returns how the run ended when it was cancelled meanwhile, also when who heard it has died since; a status
// without a state when it was not.
func (s *standby) cancelled(ctx context.Context, js jetstream.JetStream) (stream.Status, error) {
	if !s.waited {
		return stream.Status{}, nil
	}
	c, err := stream.LastCancel(ctx, js, s.run)
	if err != nil || c.Reason == "" || c.Under == s.before {
		return stream.Status{}, err
	}
	return stream.Status{Run: s.run, State: stream.StateStopped, Reason: c.Reason}, nil
}

// check refuses to take over from a leader on another host whose run has graphs in files there: workers may be writing
// to them still, and between hosts SQLite cannot keep them apart.
func (s *standby) check(ctx context.Context, js jetstream.JetStream) error {
	if !s.waited {
		return nil
	}
	task, host, err := stream.Elsewhere(ctx, js, s.run, s.host)
	if err != nil || task == "" {
		return err
	}
	return inputErrorf("task %s keeps a graph in a file of %s (SQLite), where workers may be writing to it: stand by there; or, when that host is gone for good, run `volara up` here without --standby", task, host.Name())
}
