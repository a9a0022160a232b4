package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// RunOf returns the run that a stream of JetStream's store belongs to; false for a stream of something else. Queues,
// which are in memory, are none of those.
func RunOf(streamName string) (run string, ok bool) {
	for _, prefix := range []string{"KV_" + stateBucket(""), doneStream(""), eventsStream("")} {
		if t, found := strings.CutPrefix(streamName, prefix); found && t != "" {
			run, err := untoken(t)
			return run, err == nil && token(run) == t
		}
	}
	return "", false
}

// DeleteRun removes a run from JetStream, whatever there is of it: state, events, queues. The caller holds its lease. A
// run that is not there is no error.
func DeleteRun(ctx context.Context, js jetstream.JetStream, run string) error {
	if _, err := dropQueues(ctx, js, run); err != nil {
		return err
	}
	// The state goes last: as long as it is there the run is listed, and may be deleted again.
	for _, name := range []string{doneStream(run), eventsStream(run), "KV_" + stateBucket(run)} {
		if err := js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("delete run %s: %w", run, jetStreamError(err))
		}
	}
	return nil
}
