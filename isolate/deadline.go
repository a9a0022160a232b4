package isolate

import "time"

// deadline returns the time of the boot clock that is as far away as until; 0 for the zero time. A process that is
// stopped in between gets one that is too early, never one that is too late.
func deadline(until time.Time) int64 {
	if until.IsZero() {
		return 0
	}
	boot := bootClock()
	now := time.Now()
	// The wall clock goes on while the machine sleeps, the monotonic one is not set: the earlier one counts.
	left := min(until.Sub(now), until.Round(0).Sub(now.Round(0)))
	return max(boot+int64(left), 1)
}
