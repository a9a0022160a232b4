package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// trimPeriod is how often the history of a run is looked at.
const trimPeriod = 2 * time.Second

// trimEvents removes the oldest events when they take more than TrackerOptions.EventBytes, so that JetStream's store
// does not grow with the run. A limit of the stream itself would do it too, but JetStream reserves such bytes: many runs
// would exhaust a server that hardly stores anything. Events that the bitmaps do not cover stay.
func (l *life) trimEvents(ctx context.Context, c cursor) error {
	info, err := l.store.events.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at the events of run %s: %w", l.t.plan.Run, jetStreamError(err))
	}
	size, limit := info.State.Bytes, uint64(l.t.opts.EventBytes)
	if size <= limit {
		return nil
	}
	// Messages are of various sizes; what is left over goes next time.
	excess := max(1, uint64(float64(info.State.Msgs)*(1-0.75*float64(limit)/float64(size))))
	first := min(info.State.FirstSeq+excess, c.Events+1)
	if first <= info.State.FirstSeq {
		return nil
	}
	if err := l.store.events.Purge(ctx, jetstream.WithPurgeSequence(first)); err != nil {
		return fmt.Errorf("remove old events of run %s: %w", l.t.plan.Run, jetStreamError(err))
	}
	return nil
}
