package stream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// EventVersion is the version of the schema of Event, in every event's "v". It grows when a field changes its meaning.
const EventVersion = 1

// The kinds of events. docs/protocol.md says which fields each one has.
const (
	EventRunStarted   = "run_started"
	EventRunPaused    = "run_paused"
	EventRunResumed   = "run_resumed"
	EventRunDone      = "run_done" // Status: done, failed or stopped
	EventTaskStarted  = "task_started"
	EventTaskDone     = "task_done" // every selected block is done, failed or orphaned
	EventBlockDone    = "block_done"
	EventBlockRetry   = "block_retry"
	EventBlockFailed  = "block_failed"
	EventBlockCrashed = "block_crashed" // the worker died or lost its hold on the block
)

// An Event is something that happened in a run, for people and their programs.
type Event struct {
	Version  int           `json:"v"`
	Time     time.Time     `json:"time"`
	Kind     string        `json:"kind"`
	Run      string        `json:"run"`
	Epoch    uint64        `json:"epoch"`
	Task     string        `json:"task,omitempty"`
	Blocks   Ranges        `json:"blocks,omitempty"` // each block is reported done exactly once a generation
	Attempt  int           `json:"attempt,omitempty"`
	Worker   string        `json:"worker,omitempty"`
	Timings  *Timings      `json:"timings,omitempty"` // summed over Blocks, nanoseconds
	Elapsed  time.Duration `json:"elapsed,omitempty"` // wall time of all Blocks, one after the other
	Error    string        `json:"error,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Status   string        `json:"status,omitempty"`
	Done     int64         `json:"done,omitempty"`
	Failed   int64         `json:"failed,omitempty"`
	Orphaned int64         `json:"orphaned,omitempty"`
	Total    int64         `json:"total,omitempty"`
}

// Events calls f with the events of a run that JetStream holds, in order; with follow it then waits for more until
// ctx is cancelled (which is no error) or f returns an error. It returns what f returned.
func Events(ctx context.Context, js jetstream.JetStream, run string, follow bool, f func(Event) error) error {
	panic("being written")
}
