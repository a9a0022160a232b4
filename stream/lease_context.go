package stream

import "context"

// Context returns a context that ends when the lease is lost, with that as its cause: for changes of the run's state and
// outputs that only its leader may make. It also looks at the lease whenever it is asked for its error, so that a
// process that was stopped for a while finds out before it changes anything. The caller calls the function when done.
func (l *Lease) Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	c := &leaseContext{Context: ctx, lease: l, cancel: cancel}
	l.mu.Lock()
	l.watchers[c] = struct{}{}
	l.mu.Unlock()
	return c, func() {
		l.mu.Lock()
		delete(l.watchers, c)
		l.mu.Unlock()
		cancel(nil)
	}
}

// alert ends the contexts of a lease that is lost.
func (l *Lease) alert() {
	err := l.Err()
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.watchers {
		c.cancel(err)
	}
}

type leaseContext struct {
	context.Context
	lease  *Lease
	cancel context.CancelCauseFunc
}

// Err also asks the lease.
func (c *leaseContext) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	if err := c.lease.Err(); err != nil {
		c.cancel(err)
	}
	return c.Context.Err()
}

// AfterFunc lets contexts derived from this one do without a goroutine.
func (c *leaseContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }
