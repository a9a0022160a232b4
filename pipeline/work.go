package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"volara/stages"
	"volara/stream"
)

// WorkOptions say how a worker works.
type WorkOptions struct {
	Types      map[string]stages.Factory
	Name       string      // unique among the run's workers; default host and process
	Host       stream.Host // of this process; default that which it runs on
	Slots      int         // blocks in work at once
	Memory     Memory      // of the worker's process
	CacheBytes int
	JournalDir string
	LogPath    string
	UntilDone  bool
	JoinLimit  time.Duration // how long a run that nobody has begun is waited for; 0: for ever
	Logger     *slog.Logger
}

// Work processes blocks of a run until ctx is cancelled or, with UntilDone, the run has ended.
func Work(ctx context.Context, nc *nats.Conn, run string, o WorkOptions) error {
	opener := NewOpener(o.Types, o.CacheBytes, o.Slots, o.Logger)
	worker, err := stream.NewWorker(nc, run, stream.WorkerOptions{Name: o.Name, Host: o.Host, Slots: o.Slots, Open: opener.Open, Isolate: opener.OpenApart,
		Memory: o.Memory.forBlocks(o.CacheBytes), Oversize: !o.Memory.Given, JournalDir: o.JournalDir, LogPath: o.LogPath, UntilDone: o.UntilDone,
		JoinLimit: o.JoinLimit, Logger: o.Logger})
	if err != nil {
		return err
	}
	err = worker.Run(ctx)
	if errors.Is(err, stream.ErrOtherHost) || errors.Is(err, stream.ErrNoRun) {
		err = &InputError{err}
	}
	return errors.Join(err, opener.Close())
}
