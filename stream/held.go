package stream

import (
	"context"
	"time"
)

type holdKey struct{}

// WatchHold tells f until when the block that ctx belongs to is held: at once, and whenever that moves, until stop is
// called. For a processor that lets another process do the work, which must stop at that time by itself. f must not
// block. A context without a hold is held for ever: f is not called.
func WatchHold(ctx context.Context, f func(until time.Time)) (stop func()) {
	h, ok := ctx.Value(holdKey{}).(*hold)
	if !ok {
		return func() {}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watch = &f
	f(h.until)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.watch == &f { // and not that of the next block, which a hung one has outlasted
			h.watch = nil
		}
	}
}

// Value knows the hold.
func (c heldContext) Value(key any) any {
	if key == (holdKey{}) {
		return c.hold
	}
	return c.Context.Value(key)
}
