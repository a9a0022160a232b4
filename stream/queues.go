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

// A queue is the work stream of an epoch, with a consumer for each of its tasks.
type queue struct {
	run      string
	epoch    uint64
	tasks    []string
	ackWait  time.Duration
	replicas int // as many as the servers that are up allow; 0: one
}

// makeQueue makes a queue. It returns how many replicas the queue has.
func makeQueue(ctx context.Context, js jetstream.JetStream, q queue) (replicas int, err error) {
	w, err := q.makeStream(ctx, js)
	if err != nil {
		return 0, fmt.Errorf("make the queue of run %s: %w", q.run, err)
	}
	for _, task := range q.tasks {
		_, err := w.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable:       workConsumer(task),
			FilterSubject: workTaskSubjects(q.run, q.epoch, task),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       q.ackWait,
			MaxDeliver:    -1,
			MaxAckPending: -1, // the tracker publishes no more than a task may have in work
		})
		if err != nil {
			return 0, fmt.Errorf("make the queue of task %s: %w", task, jetStreamError(err))
		}
	}
	return w.CachedInfo().Config.Replicas, nil
}

// makeStream makes the work stream, with fewer replicas where servers are missing: a queue that is lost is made anew.
func (q queue) makeStream(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	for replicas := max(q.replicas, 1); ; replicas-- {
		w, err := js.CreateStream(ctx, jetstream.StreamConfig{
			Name:        workStream(q.run, q.epoch),
			Description: "volara: the work of run " + q.run,
			Subjects:    []string{workSubjects(q.run, q.epoch)},
			Retention:   jetstream.WorkQueuePolicy,
			Storage:     jetstream.MemoryStorage,
			Replicas:    replicas,
		})
		err = creationError(err)
		switch {
		case err == nil:
			return w, nil
		case replicas == 1 || !errors.Is(err, ErrTooFewServers):
			return nil, err
		}
	}
}

// dropTimeout bounds the removal of a queue whose servers may be gone.
const dropTimeout = 3 * time.Second

// dropQueues removes the work streams of a run and returns how many there were. One whose servers do not answer is an
// error of the environment; the others are removed all the same. Unless blocks must not be held twice it may stay until
// a later time: nothing that it holds is looked at.
func dropQueues(ctx context.Context, js jetstream.JetStream, run string) (dropped int, err error) {
	lister := js.StreamNames(ctx, jetstream.WithStreamListSubject(workSubjectsOfRun(run)))
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
		attempt, cancel := context.WithTimeout(ctx, dropTimeout)
		if e := js.DeleteStream(attempt, name); e != nil && !errors.Is(e, jetstream.ErrStreamNotFound) {
			err = fmt.Errorf("remove an old queue of run %s: %w", run, jetStreamError(e))
		}
		cancel()
	}
	return len(old), err
}
