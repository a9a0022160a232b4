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
	maxStarts  = 6  // starts in a row that failed: from then on one is tried now and then, and nobody waits for it
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
	probed  time.Time // when a start was last let through after too many had failed
}

// enter waits until a child may be started. When too many starts in a row have failed it waits no more: it lets one start
// through every lastDelay, which ends this when it succeeds, and fails for all others.
func (h *health) enter(ctx context.Context) error {
	for {
		wait, why, err := h.ask()
		if err != nil || wait <= 0 {
			return err
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

// ask returns how long to wait until a child may be started and what the last start failed of, or an error for a block that
// is not to wait.
func (h *health) ask() (wait time.Duration, why, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.starts < maxStarts {
		return time.Until(h.counted.Add(h.delay())), h.why, nil
	}
	now := time.Now()
	if now.Sub(h.counted) >= lastDelay && now.Sub(h.probed) >= lastDelay {
		h.probed = now
		return 0, h.why, nil
	}
	return 0, h.why, fault.Permanent(fmt.Errorf("no process could be made ready for the task, %d times in a row (it is tried again every %v; `volara retry` has failed blocks done again): %w",
		h.starts, lastDelay, h.why))
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
