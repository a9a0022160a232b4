package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Limits of the streams. They are counted in messages: JetStream would reserve bytes. Of events a tracker keeps less.
const (
	maxCompletions = 1 << 20 // then workers wait for the tracker
	maxEvents      = 1 << 20 // then the oldest are discarded
)

// doneConfig is the stream of completion events.
func doneConfig(run string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        doneStream(run),
		Description: "volara: completions of run " + run + " that its state does not hold yet",
		Subjects:    []string{doneSubjects(run)},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew,
		MaxMsgs:     maxCompletions,
	}
}

// eventsConfig is the stream of events for people.
func eventsConfig(run string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        eventsStream(run),
		Description: "volara: what happened in run " + run,
		Subjects:    []string{eventSubject(run)},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardOld,
		MaxMsgs:     maxEvents,
	}
}

// openDone opens the stream of completion events and makes it when it is missing.
func openDone(ctx context.Context, js jetstream.JetStream, run string) (jetstream.Stream, error) {
	return openStream(ctx, js, doneConfig(run), 0)
}

// openEvents opens the stream of events for people and makes it when it is missing.
func openEvents(ctx context.Context, js jetstream.JetStream, run string) (jetstream.Stream, error) {
	return openStream(ctx, js, eventsConfig(run), 0)
}

// makeQueue makes the work stream of an epoch with a consumer for each of the tasks.
func makeQueue(ctx context.Context, js jetstream.JetStream, run string, epoch uint64, tasks []string, ackWait time.Duration) error {
	w, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name:        workStream(run, epoch),
		Description: "volara: the work of run " + run,
		Subjects:    []string{workSubjects(run, epoch)},
		Retention:   jetstream.WorkQueuePolicy,
		Storage:     jetstream.MemoryStorage,
	})
	if err != nil {
		return fmt.Errorf("make the queue of run %s: %w", run, jetStreamError(err))
	}
	for _, task := range tasks {
		_, err := w.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable:       workConsumer(task),
			FilterSubject: workTaskSubjects(run, epoch, task),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       ackWait,
			MaxDeliver:    -1,
			MaxAckPending: -1, // the tracker publishes no more than a task may have in work
		})
		if err != nil {
			return fmt.Errorf("make the queue of task %s: %w", task, jetStreamError(err))
		}
	}
	return nil
}

// dropQueues removes the work streams of a run and returns how many there were.
func dropQueues(ctx context.Context, js jetstream.JetStream, run string) (dropped int, err error) {
	lister := js.StreamNames(ctx)
	prefix := workStreamPrefix(run)
	var old []string
	for name := range lister.Name() {
		if isWorkStream(name, prefix) {
			old = append(old, name)
		}
	}
	if err := lister.Err(); err != nil {
		return 0, fmt.Errorf("look for old queues of run %s: %w", run, jetStreamError(err))
	}
	for _, name := range old {
		if err := js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return 0, fmt.Errorf("remove an old queue of run %s: %w", run, jetStreamError(err))
		}
	}
	return len(old), nil
}
