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
	waited bool
	before uint64 // epoch that had been cancelled by then, 0: none
}

// waits is a sessionOptions.Waiting.
func (s *standby) waits(js jetstream.JetStream, _ error) (err error) {
	s.waited = true
	s.before, _, err = stream.LastCancel(context.Background(), js, s.run)
	return err
}

// cancelled returns how the run ended when it was cancelled meanwhile; a status without a state when it was not.
func (s *standby) cancelled(ctx context.Context, js jetstream.JetStream) (stream.Status, error) {
	if !s.waited {
		return stream.Status{}, nil
	}
	epoch, reason, err := stream.LastCancel(ctx, js, s.run)
	if err != nil || epoch == 0 || epoch == s.before {
		return stream.Status{}, err
	}
	return stream.Status{Run: s.run, State: stream.StateStopped, Reason: reason}, nil
}
