package sqlite

import (
	"context"
	"sync"

	"volara/fault"
	"volara/graph"
)

// A writer serves the connection that writes. Its goroutine commits the requests that wait for it in one transaction,
// each in a savepoint of its own.
type writer struct {
	conn  *conn
	queue chan *request
	ended chan struct{}

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
}

type request struct {
	ctx   context.Context
	rows  int
	apply func(*conn) error
	err   error
	done  chan struct{}
}

const (
	queueLength = 64
	batchRows   = 100_000 // after which a transaction takes no further request
)

func startWriter(c *conn) *writer {
	w := &writer{conn: c, queue: make(chan *request, queueLength), ended: make(chan struct{})}
	go w.serve()
	return w
}

// do has apply run in a transaction and returns when that is committed, or its error. apply must not keep the
// connection. rows is about how many rows it writes. A context cancelled in time keeps apply from being run.
func (w *writer) do(ctx context.Context, rows int, apply func(*conn) error) error {
	r := &request{ctx: ctx, rows: rows, apply: apply, done: make(chan struct{})}
	if err := w.send(r); err != nil {
		return err
	}
	// Not even a cancelled context ends the wait: the caller's rows are read until the request is served.
	<-r.done
	return r.err
}

func (w *writer) send(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return graph.ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

func (w *writer) serve() {
	defer close(w.ended)
	for first := range w.queue {
		batch := w.gather(first)
		w.commit(batch)
		for _, r := range batch {
			close(r.done)
		}
	}
}

// gather returns first and what waits behind it.
func (w *writer) gather(first *request) []*request {
	batch, rows := []*request{first}, first.rows
	for rows < batchRows {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch, rows = append(batch, r), rows+r.rows
		default:
			return batch
		}
	}
	return batch
}

// commit sets the error of every request of a batch.
func (w *writer) commit(batch []*request) {
	err := w.transact(batch)
	if err == nil {
		return
	}
	if !w.conn.raw.AutoCommit() {
		_ = w.conn.exec("ROLLBACK") // what went wrong is known
	}
	for _, r := range batch {
		if r.err == nil {
			r.err = err
		}
	}
}

// transact fails when the whole batch does; what is wrong with one request alone is that request's error.
func (w *writer) transact(batch []*request) error {
	if err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, r := range batch {
		if r.ctx.Err() != nil {
			r.err = context.Cause(r.ctx)
			continue
		}
		if err := w.conn.exec("SAVEPOINT request"); err != nil {
			return err
		}
		if r.err = r.apply(w.conn); r.err != nil {
			if fault.IsEnvironment(r.err) || w.conn.raw.AutoCommit() {
				return r.err // SQLite may have rolled back everything, or will fail the others as well
			}
			if err := w.conn.exec("ROLLBACK TO request"); err != nil {
				return err
			}
		}
		if err := w.conn.exec("RELEASE request"); err != nil {
			return err
		}
	}
	fault.Point("graph.written")
	err := w.conn.exec("COMMIT")
	fault.Point("graph.committed")
	return err
}

// stop serves what waits, then ends the goroutine; the connection is the caller's again. Only the first call stops.
func (w *writer) stop() (first bool) {
	w.mu.Lock()
	first = !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		close(w.queue)
	}
	<-w.ended
	return first
}
