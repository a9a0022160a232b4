package isolate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"volara/fault"
	"volara/geometry"
	"volara/stream"
)

// Options say what a pool's children are.
type Options struct {
	Setup   Setup
	Command []string      // what to start; needed
	Env     []string      // added to this process's environment
	Idle    time.Duration // after which a child that has nothing to do is closed; default 20 s
	Logger  *slog.Logger
}

// A Pool processes the blocks of a task in child processes: one for each block in work at once, kept for the next ones.
// It is safe for concurrent use.
type Pool struct {
	opts   Options
	health health

	mu      sync.Mutex
	free    []*child
	closed  bool
	closing sync.WaitGroup // of children with nothing to do
	errs    []error        // of those closed
}

var (
	_ stream.Processor = (*Pool)(nil)
	_ stream.Reserver  = (*Pool)(nil)
)

// NewPool returns a pool; no process is started before there is a block.
func NewPool(o Options) *Pool {
	if o.Idle == 0 {
		o.Idle = 20 * time.Second
	}
	o.Setup.Version = Version
	return &Pool{opts: o}
}

// Command returns the command that starts this program as a child of a pool for a task; name is the one that both
// programs know it by. The task stands in the command for those who look at the list of processes.
func Command(name, task string) ([]string, error) {
	path, err := executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	return []string{path, name, task}, nil
}

// Reserve implements stream.Reserver: it returns a processor for one block, whose process stands ready.
func (p *Pool) Reserve(ctx context.Context) (stream.Processor, error) {
	if c := p.take(); c != nil {
		return &seat{p, c}, nil
	}
	if err := p.health.enter(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	c, err := startChild(p.opts.Command, append(os.Environ(), p.opts.Env...), p.opts.Logger)
	if err == nil {
		err = c.open(ctx, p.opts.Setup)
	}
	if err != nil {
		if ctx.Err() == nil {
			p.health.startFailed(began, err)
		}
		return nil, err
	}
	p.health.opened()
	p.opts.Logger.Debug("a process is ready", "process", c.cmd.Process.Pid, "after", time.Since(began).Round(time.Millisecond))
	return &seat{p, c}, nil
}

// Process processes a block in a child. A child that dies with it is replaced, and the error says how it died.
func (p *Pool) Process(ctx context.Context, b geometry.Block) (stream.Result, error) {
	s, err := p.Reserve(ctx)
	if err != nil {
		return stream.Result{}, err
	}
	t, err := s.Process(ctx, b)
	return t, errors.Join(err, s.Close())
}

// take returns a child that has nothing to do: the one used last, so that surplus ones can go.
func (p *Pool) take() *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) > 0 {
		c := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		c.idle.Stop() // when that comes too late, expire finds it no longer
		if !c.dead() {
			return c
		}
		p.opts.Logger.Warn("a process with nothing to do has died", "process", c.cmd.Process.Pid, "how", c.describe())
		c.release()
	}
	return nil
}

// put gives a child back.
func (p *Pool) put(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.retire(c)
		return
	}
	if c.idle == nil {
		c.idle = time.AfterFunc(p.opts.Idle, func() { p.expire(c) })
	} else {
		c.idle.Reset(p.opts.Idle)
	}
	p.free = append(p.free, c)
}

// expire closes a child that has had nothing to do for long.
func (p *Pool) expire(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.free {
		if other == c {
			p.free = append(p.free[:i], p.free[i+1:]...)
			p.retire(c)
			return
		}
	}
}

// retire closes a child in the background; p.mu is held.
func (p *Pool) retire(c *child) {
	p.closing.Go(func() {
		if err := c.close(); err != nil {
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
		}
	})
}

// Close ends all children; no block may be in work.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	for _, c := range p.free {
		c.idle.Stop()
		p.retire(c)
	}
	p.free = nil
	p.mu.Unlock()
	p.closing.Wait()
	return errors.Join(p.errs...)
}

// A seat is a child reserved for one block.
type seat struct {
	pool  *Pool
	child *child // nil when it is gone
}

// Process implements stream.Processor.
func (s *seat) Process(ctx context.Context, b geometry.Block) (stream.Result, error) {
	began := time.Now()
	t, err := s.child.block(ctx, b)
	death := (*deathError)(nil)
	switch {
	case errors.As(err, &death):
		s.child = nil
		if s.pool.health.died(began) {
			err = fault.Permanent(fmt.Errorf("%w (%d processes in a row died without finishing a block: not tried again)", err, maxDeaths))
		}
	case errors.Is(err, errKilled):
		s.child = nil
	default:
		s.pool.health.finished()
	}
	return t, err
}

// Close gives the child back.
func (s *seat) Close() error {
	if s.child != nil {
		s.pool.put(s.child)
		s.child = nil
	}
	return nil
}
