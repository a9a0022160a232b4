package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"volara/isolate"
	"volara/stages"
	"volara/stream"
)

// ChildCommand is the hidden command of both programs that makes them a child process: they start it themselves.
const ChildCommand = "block-server"

// OpenApart is a stream.Opener whose processors process blocks in child processes: for tasks that ask for it, and for
// blocks whose process has died before.
func (o *Opener) OpenApart(_ context.Context, text json.RawMessage, task string) (stream.Processor, error) {
	command, err := isolate.Command(ChildCommand, task)
	if err != nil {
		return nil, err
	}
	slots := max(o.slots, 1)
	var env []string
	if os.Getenv("GOMAXPROCS") == "" {
		// A child has one block in work, and something besides: its collector, reading ahead.
		env = append(env, fmt.Sprint("GOMAXPROCS=", max(2, (runtime.GOMAXPROCS(0)+slots-1)/slots)))
	}
	return isolate.NewPool(isolate.Options{
		Setup:   isolate.Setup{Spec: text, Task: task, CacheBytes: o.cacheBytes / slots, LogLevel: leastLevel(o.log)},
		Command: command, Env: env, Logger: o.log.With("task", task),
	}), nil
}

// leastLevel returns the least level that a log keeps.
func leastLevel(log *slog.Logger) slog.Level {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if log.Enabled(context.Background(), level) {
			return level
		}
	}
	return slog.LevelError
}

// ServeBlocks is the life of a child process.
func ServeBlocks(types map[string]stages.Factory) error {
	in, out, err := isolate.Pipes()
	if err != nil {
		return &InputError{err}
	}
	isolate.Prepare()
	return isolate.Serve(in, out, func(ctx context.Context, s isolate.Setup, log *slog.Logger) (stream.Processor, error) {
		opener := NewOpener(types, s.CacheBytes, 1, log)
		p, err := opener.openHere(ctx, s.Spec, s.Task)
		if err != nil {
			return nil, errors.Join(err, opener.close(slog.LevelDebug))
		}
		return alone{p, opener}, nil
	})
}

// alone is a processor that has its opener to itself.
type alone struct {
	stream.Processor
	opener *Opener
}

func (a alone) Close() error {
	return errors.Join(a.Processor.Close(), a.opener.close(slog.LevelDebug)) // one of many caches
}
