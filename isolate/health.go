package isolate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"volara/fault"
)

// Bounds on what a task that does not work costs.
const (
	maxStarts  = 6  // starts in a row that failed: no more are tried
	maxDeaths  = 10 // children in a row that died with a block, none done in between: blocks are not tried again
	firstDelay = 100 * time.Millisecond
	lastDelay  = 2 * time.Second
)

// health counts how a pool's children fare. Failures of children that were started together count as one: they say the
// same.
type health struct {
	mu      sync.Mutex
	starts  int // failed in a row
	deaths  int // in a row
	why     error
	counted time.Time // the last failure
}

// enter waits until a child may be started. It fails when too many starts in a row have failed.
func (h *health) enter(ctx context.Context) error {
	for {
		h.mu.Lock()
		n, why := h.starts, h.why
		wait := time.Until(h.counted.Add(h.delay()))
		h.mu.Unlock()
		if n >= maxStarts {
			return fault.Permanent(fmt.Errorf("no process could be made ready for the task, %d times in a row: %w", n, why))
		}
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), why)
		}
	}
}

// delay returns how long after the last failure a child may be started: not at all after a first death.
func (h *health) delay() time.Duration {
	n := h.starts
	if h.deaths > 1 {
		n = max(n, h.deaths-1)
	}
	if n == 0 {
		return 0
	}
	return min(firstDelay<<min(n-1, 20), lastDelay)
}

// startFailed counts a child that could not be started, or not open its task. A world at fault is not counted.
func (h *health) startFailed(began time.Time, err error) {
	if fault.IsEnvironment(err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if began.After(h.counted) {
		h.starts++
		h.why, h.counted = err, time.Now()
	}
}

// died counts a child that died with a block and reports whether such blocks shall not be tried again.
func (h *health) died(began time.Time) (enough bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if began.After(h.counted) {
		h.deaths++
		h.counted = time.Now()
	}
	return h.deaths >= maxDeaths
}

// opened and finished say that a child does what it is for.
func (h *health) opened() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.starts = 0
}

func (h *health) finished() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaths = 0
}
