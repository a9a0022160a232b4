package isolate

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// bootClock returns the nanoseconds since the machine was started, those asleep included: the same in all its processes.
func bootClock() int64 { return readClock(unix.CLOCK_BOOTTIME) }

func readClock(id int32) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		panic(fmt.Sprintf("isolate: read the clock: %v", err)) // every kernel that Go runs on has it
	}
	return t.Nano()
}
