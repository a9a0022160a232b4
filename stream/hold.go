package stream

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// A hold is a worker's right to a message. It lasts as long as the server is known to keep the message for this worker:
// from the last confirmed sign of life on for the ack wait, less a margin. Once expired it stays so: another worker may
// have the blocks by then.
type hold struct {
	reply string // where signs of life are sent
	span  time.Duration

	mu     sync.Mutex
	until  time.Time
	watch  *func(until time.Time) // see WatchHold
	gone   bool
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// confirmed extends the hold: a sign of life sent at a time has reached the server.
func (h *hold) confirmed(sent time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := sent.Add(h.span); until.After(h.until) {
		h.until = until
		if h.watch != nil {
			(*h.watch)(until)
		}
	}
}

// expired reports whether the hold is lost. A process that was stopped for a while finds out here, before any timer of
// its own fires: both clocks are looked at, for one of them stands still while the machine sleeps.
func (h *hold) expired() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if !h.gone && (now.After(h.until) || now.Round(0).After(h.until.Round(0))) {
		h.gone = true
		h.cancel(errFenced)
	}
	return h.gone
}

// context returns the context for processing the blocks of the message: it is done when the hold is lost.
func (h *hold) context() context.Context { return heldContext{h.ctx, h} }

func (h *hold) withTimeout(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(h.ctx, d)
	return heldContext{ctx, h}, cancel
}

// A heldContext looks at the hold whenever it is asked for its error, so that a processor that asks before it commits
// never overwrites the work of the next holder.
type heldContext struct {
	context.Context
	hold *hold
}

// Err also asks the hold.
func (c heldContext) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.hold.expired() {
		return context.Canceled
	}
	return nil
}

// AfterFunc lets contexts derived from this one do without a goroutine.
func (c heldContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }

// holds are those of one worker in one epoch.
type holds struct {
	nc      *nats.Conn
	ackWait time.Duration
	mu      sync.Mutex
	all     map[*hold]struct{}
}

func newHolds(nc *nats.Conn, ackWait time.Duration) *holds {
	return &holds{nc: nc, ackWait: ackWait, all: map[*hold]struct{}{}}
}

// add begins the hold on a message that was asked for at a time.
func (hs *holds) add(reply string, asked time.Time) *hold {
	span := hs.ackWait - hs.ackWait/5
	h := &hold{reply: reply, span: span, until: asked.Add(span)}
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.all[h] = struct{}{}
	return h
}

func (hs *holds) remove(h *hold) {
	hs.mu.Lock()
	delete(hs.all, h)
	hs.mu.Unlock()
	h.cancel(nil)
}

// keep sends signs of life for all holds until done is closed.
func (hs *holds) keep(done <-chan struct{}) {
	period := hs.ackWait / 4
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		hs.mu.Lock()
		for h := range hs.all {
			go hs.beat(h, period)
		}
		hs.mu.Unlock()
	}
}

// beat sends one sign of life, a confirmed request; without the answer the server may not have heard it.
func (hs *holds) beat(h *hold, timeout time.Duration) {
	sent := time.Now()
	if h.expired() {
		return
	}
	if _, err := hs.nc.Request(h.reply, []byte("+WPI"), timeout); err == nil {
		h.confirmed(sent)
	}
}
