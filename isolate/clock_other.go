//go:build !linux

package isolate

import "time"

// bootClock returns the nanoseconds of the wall clock, the only one that all processes share here.
func bootClock() int64 { return time.Now().UnixNano() }
