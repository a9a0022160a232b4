package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// EventVersion is the version of the schema of Event, in every event's "v". It grows when a field changes its meaning.
const EventVersion = 1

// The kinds of events. docs/protocol.md says which fields each one has.
const (
	EventRunStarted    = "run_started"
	EventRunPaused     = "run_paused"
	EventRunResumed    = "run_resumed"
	EventRunDone       = "run_done" // Status: done, failed or stopped
	EventTaskStarted   = "task_started"
	EventTaskDone      = "task_done" // every selected block is done, failed or orphaned
	EventBlockDone     = "block_done"
	EventBlockMasked   = "block_masked" // done without anything computed: a mask excludes the block
	EventBlockRetry    = "block_retry"
	EventBlockFailed   = "block_failed"
	EventBlockReopened = "block_reopened" // it was done, and is to be done again
	EventBlockCrashed  = "block_crashed"  // the worker died or lost its hold on the block
)

// EventKinds returns the kinds of events.
func EventKinds() []string {
	return []string{EventRunStarted, EventRunPaused, EventRunResumed, EventRunDone, EventTaskStarted, EventTaskDone, EventBlockDone,
		EventBlockMasked, EventBlockRetry, EventBlockFailed, EventBlockReopened, EventBlockCrashed}
}

// done reports whether the event tells that blocks are done.
func (e *Event) done() bool { return e.Kind == EventBlockDone || e.Kind == EventBlockMasked }

// An Event is something that happened in a run, for people and their programs.
type Event struct {
	Version    int           `json:"v"`
	Time       time.Time     `json:"time"`
	Kind       string        `json:"kind"`
	Run        string        `json:"run"`
	Epoch      uint64        `json:"epoch"` // 0: nothing was left to do
	Task       string        `json:"task,omitempty"`
	Generation string        `json:"gen,omitempty"`
	Blocks     Ranges        `json:"blocks,omitempty"` // each block is told done exactly once a generation
	Attempt    int           `json:"attempt,omitempty"`
	Worker     string        `json:"worker,omitempty"`
	Timings    *Timings      `json:"timings,omitempty"` // summed over Blocks, nanoseconds
	Elapsed    time.Duration `json:"elapsed,omitempty"` // wall time of Blocks, one after the other, nanoseconds
	Error      string        `json:"error,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Status     string        `json:"status,omitempty"`
	Done       int64         `json:"done,omitempty"`
	Masked     int64         `json:"masked,omitempty"` // of Done
	Failed     int64         `json:"failed,omitempty"`
	Orphaned   int64         `json:"orphaned,omitempty"`
	Total      int64         `json:"total,omitempty"`
}

// Events calls f with the events of a run that JetStream holds, in order; with follow it then waits for more until
// ctx is cancelled (which is no error) or f returns an error. It returns what f returned.
func Events(ctx context.Context, js jetstream.JetStream, run string, follow bool, f func(Event) error) error {
	return readEvents(ctx, js, run, 1, follow, f)
}

// readEvents is Events from a stream sequence on.
func readEvents(ctx context.Context, js jetstream.JetStream, run string, from uint64, follow bool, f func(Event) error) error {
	s, err := openEvents(ctx, js, run)
	if err != nil {
		return err
	}
	last := s.CachedInfo().State.LastSeq
	if !follow && (s.CachedInfo().State.Msgs == 0 || last < from) {
		return nil
	}
	old, err := js.Conn().JetStream()
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	sub, err := old.SubscribeSync(eventSubject(run), nats.OrderedConsumer(), nats.BindStream(eventsStream(run)),
		nats.StartSequence(from))
	if err != nil {
		return fmt.Errorf("read the events of run %s: %w", run, jetStreamError(err))
	}
	defer sub.Unsubscribe()
	for {
		m, err := nextMsg(ctx, sub, follow)
		if err != nil {
			return fmt.Errorf("read the events of run %s: %w", run, jetStreamError(err))
		}
		if m == nil {
			return nil
		}
		if err := decodeEvents(m.Data, f); err != nil {
			return err
		}
		if meta, err := m.Metadata(); err == nil && !follow && meta.Sequence.Stream >= last {
			return nil
		}
	}
}

// nextMsg waits for a message; nil says that ctx was cancelled while following.
func nextMsg(ctx context.Context, sub *nats.Subscription, follow bool) (*nats.Msg, error) {
	if follow {
		m, err := sub.NextMsgWithContext(ctx)
		if ctx.Err() != nil {
			return nil, nil
		}
		return m, err
	}
	limited, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	return sub.NextMsgWithContext(limited)
}

// maxLines bounds a message of events, well below what NATS takes by default.
const maxLines = 256 << 10

// encodeEvents writes events as lines of JSON, in pieces that fit a message.
func encodeEvents(events []Event) [][]byte {
	var pieces [][]byte
	var lines []byte
	for _, e := range events {
		line := append(encode(e), '\n')
		if len(lines) > 0 && len(lines)+len(line) > maxLines {
			pieces = append(pieces, lines)
			lines = nil
		}
		lines = append(lines, line...)
	}
	return append(pieces, lines)
}

// decodeEvents calls f with the event of each complete line. Lines that cannot be read are left out: a newer version
// may have written them.
func decodeEvents(lines []byte, f func(Event) error) error {
	for line := range bytes.Lines(lines) {
		var e Event
		if json.Unmarshal(line, &e) != nil || e.Kind == "" {
			continue
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}
