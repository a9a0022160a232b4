package sqlite

import (
	"errors"
	"sync"

	"volara/graph"
)

// readers lends connections for reading and keeps the idle ones.
type readers struct {
	open func() (*conn, error)

	mu     sync.Mutex
	idle   []*conn
	lent   sync.WaitGroup
	closed bool
}

const keepIdle = 8

func (r *readers) take() (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, graph.ErrClosed
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.lent.Add(1)
		return c, nil
	}
	c, err := r.open()
	if err == nil {
		r.lent.Add(1)
	}
	return c, err
}

func (r *readers) give(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.lent.Done()
	if r.closed || c.brief || len(r.idle) >= keepIdle {
		c.close() // it only read: nothing is lost
		return
	}
	r.idle = append(r.idle, c)
}

// close waits for the lent connections and closes all.
func (r *readers) close() error {
	r.mu.Lock()
	r.closed = true
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	var errs []error
	for _, c := range idle {
		errs = append(errs, c.close())
	}
	r.lent.Wait()
	return errors.Join(errs...)
}
