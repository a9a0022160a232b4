package isolate

import (
	"os/signal"
	"syscall"
)

// Prepare makes this process a good child: interrupts are its parent's to deal with, and when memory runs out, it goes
// before its parent.
func Prepare() {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	moreKillable()
}
