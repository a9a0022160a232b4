package stream

import (
	"context"

	"github.com/nats-io/nats.go"
)

// A Worker processes blocks of one run: of all its tasks, downstream tasks first.
type Worker struct{}

// NewWorker returns a worker of the run of that name; nothing happens before Run.
func NewWorker(nc *nats.Conn, run string, opts WorkerOptions) (*Worker, error) {
	panic("being written")
}

// Run works on whatever the run's tracker publishes until ctx is cancelled: then it takes no more work, finishes the
// blocks it has, closes its processors and returns nil. It waits for a run that has not begun. With UntilDone it also
// returns when the run has ended.
func (w *Worker) Run(ctx context.Context) error { panic("being written") }
