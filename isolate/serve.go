package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync/atomic"

	"volara/fault"
	"volara/stream"
)

// Open opens the task of a child, once.
type Open func(ctx context.Context, s Setup, log *slog.Logger) (stream.Processor, error)

// ErrAbandoned says that the parent has gone without a word.
var ErrAbandoned = errors.New("the process that started this one has gone")

// Serve is the life of a child: it opens a task and processes blocks as it is told over in, and answers over out, until
// it is told to close. When the parent goes without that, Serve returns ErrAbandoned at once: the block in work has lost
// its context, and the caller is to end the process without waiting for it.
func Serve(in io.Reader, out io.Writer, open Open) error {
	s := &server{pipe: newPipe(in, out), open: open}
	first, err := s.pipe.receive()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAbandoned, err)
	}
	if first.Kind != kindOpen || first.Setup == nil {
		return fmt.Errorf("%w: %q where a task was to be opened", errNoFrame, first.Kind)
	}
	todo := make(chan assignment, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.work(*first.Setup, todo) }()
	for {
		m, err := s.pipe.receive()
		current := s.current.Load()
		switch {
		case err != nil:
			if current != nil {
				current.end()
			}
			return fmt.Errorf("%w: %w", ErrAbandoned, err)
		case m.Kind == kindBlock && m.Block != nil:
			t := newTenure(m.Until)
			s.current.Store(t)
			todo <- assignment{*m.Block, t}
		case m.Kind == kindHeld && current != nil:
			current.extend(m.Until)
		case m.Kind == kindCancel && current != nil:
			current.end()
		case m.Kind == kindClose:
			close(todo)
			return <-ended
		}
	}
}

// A server is a child's side of the pipe.
type server struct {
	pipe    *pipe
	open    Open
	current atomic.Pointer[tenure] // of the last block that came
}

// An assignment is a block and how long it may be worked on.
type assignment struct {
	block  block
	tenure *tenure
}

// work opens the task and processes blocks until there are no more.
func (s *server) work(setup Setup, todo <-chan assignment) error {
	log := slog.New(&logHandler{pipe: s.pipe, level: setup.LogLevel})
	p, err := s.openTask(setup, log)
	if sendErr := s.pipe.send(message{Kind: kindOpened, Error: newFailure(err)}); sendErr != nil {
		err = errors.Join(err, sendErr)
	}
	if err != nil {
		return nil // has been told, or cannot be told
	}
	for a := range todo {
		r, err := processBlock(p, a, log)
		a.tenure.release()
		if err := s.pipe.send(message{Kind: kindDone, Timings: &r.Timings, Masked: r.Masked, Error: newFailure(err)}); err != nil {
			return fmt.Errorf("tell what became of a block: %w", err)
		}
	}
	return s.pipe.send(message{Kind: kindClosed, Error: newFailure(p.Close())})
}

func (s *server) openTask(setup Setup, log *slog.Logger) (p stream.Processor, err error) {
	if setup.Version != Version {
		return nil, fault.Permanent(fmt.Errorf("this program speaks version %d of the messages between processes, not %d", Version, setup.Version))
	}
	defer recovered(log, &err)
	return s.open(context.Background(), setup, log)
}

func processBlock(p stream.Processor, a assignment, log *slog.Logger) (r stream.Result, err error) {
	defer recovered(log, &err)
	return p.Process(a.tenure, a.block.geometry())
}

// recovered makes a panic an error.
func recovered(log *slog.Logger, err *error) {
	if v := recover(); v != nil {
		log.Error("panic", "panic", v, "stack", string(debug.Stack()))
		*err = fmt.Errorf("panic: %v", v)
	}
}
