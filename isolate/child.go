package isolate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"volara/fault"
	"volara/geometry"
	"volara/stream"
)

// A child is a process that has opened a task and processes one block after the other. It belongs to one goroutine at a
// time.
type child struct {
	*process
	pipe    *pipe
	log     *slog.Logger
	answers chan message // closed when none can follow
	idle    *time.Timer  // closes it when it has waited for long
}

// How long a child is given before it is killed: to end a block whose time is up, and to close its task.
const (
	cancelGrace = time.Second
	closeGrace  = 10 * time.Second
	// reapGrace is how long a killed child is waited for. The kernel may need long for one that sits in a system call.
	reapGrace = 5 * time.Second
)

// startChild starts a process; it has not opened its task yet.
func startChild(command, env []string, log *slog.Logger) (*child, error) {
	p, err := startProcess(command, env, func(pid int, text string) { log.Warn(text, "process", pid) })
	if err != nil {
		return nil, fault.Environment(fmt.Errorf("start a process: %w", err))
	}
	c := &child{process: p, pipe: newPipe(p.out, p.in), log: log.With("process", p.cmd.Process.Pid), answers: make(chan message, 1)}
	go c.listen()
	return c, nil
}

// listen takes in what the child says until it says no more.
func (c *child) listen() {
	defer close(c.answers)
	for {
		m, err := c.pipe.receive()
		if errors.Is(err, errNoFrame) {
			c.log.Error("a process does not keep to the protocol and is killed", "error", err)
			c.kill()
		}
		if err != nil {
			return
		}
		if m.Kind == kindLog {
			if m.Log != nil {
				m.Log.relay(c.log)
			}
			continue
		}
		select {
		case c.answers <- m: // has room: no answer follows before the next question
		case <-c.complete:
			return
		}
	}
}

// A deathError says that a child has ended without an answer.
type deathError struct{ text string }

func (e *deathError) Error() string { return e.text }

// death waits for the end of a child that has gone silent and says how it came, and while it was doing what.
func (c *child) death(doing string) error {
	select {
	case <-c.complete:
	case <-time.After(cancelGrace): // it has closed its pipe and lives
	}
	c.end()
	select {
	case <-c.complete:
	default:
		return &deathError{"the process went silent while it " + doing + "; it was killed and does not end"}
	}
	text := "the worker process died while it " + doing + ": " + c.describe()
	if last := c.tail.last(); last != "" {
		text += "; it had said: " + last
	}
	return &deathError{text}
}

// end kills the child and waits for that.
func (c *child) end() {
	c.kill()
	select {
	case <-c.complete:
	case <-time.After(reapGrace):
	}
	c.release()
}

// open makes the child open its task.
func (c *child) open(ctx context.Context, s Setup) error {
	if err := c.pipe.send(message{Kind: kindOpen, Setup: &s}); err != nil {
		return c.death("opened the task")
	}
	select {
	case m, ok := <-c.answers:
		if !ok {
			return c.death("opened the task")
		}
		if err := m.Error.error(); err != nil {
			c.end()
			return err
		}
		return nil
	case <-ctx.Done():
		c.end()
		return fmt.Errorf("open the task in a process of its own: %w", context.Cause(ctx))
	}
}

// errKilled says that a child did not end its block when it was told to.
var errKilled = errors.New("the block did not end by itself; its process was killed")

// block processes a block. When its time is up, the child may end it by itself; when the hold on it is lost, the child is
// killed at once. After a *deathError, and after errKilled, the child is gone.
func (c *child) block(ctx context.Context, b geometry.Block) (r stream.Result, err error) {
	held := make(chan time.Time, 1)
	stop := stream.WatchHold(ctx, func(until time.Time) {
		select {
		case <-held: // an older one
		default:
		}
		held <- until
	})
	defer stop()
	m := message{Kind: kindBlock, Block: &block{b.Index, b.Position, b.ReadROI, b.WriteROI}}
	select {
	case until := <-held:
		m.Until = deadline(until)
	default:
	}
	if err := c.pipe.send(m); err != nil {
		return r, c.death("had the block")
	}
	var kill <-chan time.Time
	done := ctx.Done()
	for {
		select {
		case m, ok := <-c.answers:
			if !ok {
				return r, c.death("had the block")
			}
			if m.Timings != nil {
				r = stream.Result{Timings: *m.Timings, Masked: m.Masked}
			}
			return r, m.Error.error()
		case until := <-held:
			if err := c.pipe.send(message{Kind: kindHeld, Until: deadline(until)}); err != nil {
				return r, c.death("had the block")
			}
		case <-done:
			done = nil
			if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) || c.pipe.send(message{Kind: kindCancel}) != nil {
				c.end()
				return r, fmt.Errorf("%w: %w", errKilled, context.Cause(ctx))
			}
			timer := time.NewTimer(cancelGrace)
			defer timer.Stop()
			kill = timer.C
		case <-kill:
			c.end()
			return r, errKilled
		}
	}
}

// close lets the child close its task and waits until it has ended.
func (c *child) close() error {
	defer c.release()
	var err error
	if c.pipe.send(message{Kind: kindClose}) == nil {
		select {
		case m := <-c.answers:
			err = m.Error.error()
		case <-time.After(closeGrace):
			err = errors.New("a process did not end in time and is killed")
		}
	}
	c.in.Close() // there is nothing more to say, whatever it is doing
	select {
	case <-c.complete:
		c.log.Debug("a process has ended", "how", c.describe())
	case <-time.After(closeGrace):
		c.end()
	}
	return err
}

// dead reports whether the child has ended while nothing was asked of it.
func (c *child) dead() bool {
	select {
	case <-c.complete:
		return true
	default:
		return false
	}
}
