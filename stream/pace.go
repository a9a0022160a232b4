package stream

import (
	"math"
	"time"
)

// How much work is published ahead of the workers.
const (
	// messageTime is how long the blocks of one message may take together: longer messages make downstream blocks wait
	// for their last block, shorter ones cost more messages.
	messageTime = 20 * time.Millisecond
	// queueTime is how much work lies in the queue for the time that the tracker needs to hear of a completion and to
	// publish more.
	queueTime = 50 * time.Millisecond
	// unknownSlots stands for the workers' slots until they have reported.
	unknownSlots = 4
)

// A pace is how fast a task goes.
type pace struct {
	blockTime float64 // seconds a block takes in its slot; 0: not yet known
	rate      float64 // blocks a second, of all workers
	counted   int64
	at        time.Time
}

// smoothing weighs the newest measurement against all earlier ones.
const smoothing = 0.2

// measured takes in that n blocks took elapsed one after the other.
func (p *pace) measured(elapsed time.Duration, n int64) {
	each := max(elapsed.Seconds()/float64(n), 1e-9)
	if p.blockTime == 0 {
		p.blockTime = each
		return
	}
	p.blockTime += smoothing * (each - p.blockTime)
}

// tick takes in how many blocks are done by now.
func (p *pace) tick(done int64, now time.Time) {
	if dt := now.Sub(p.at).Seconds(); !p.at.IsZero() && dt > 0 {
		p.rate += smoothing * (float64(done-p.counted)/dt - p.rate)
	}
	p.counted, p.at = done, now
}

// batch returns the number of blocks for one message.
func (p *pace) batch(limit int) int {
	if p.blockTime == 0 {
		return 1
	}
	return int(min(max(messageTime.Seconds()/p.blockTime, 1), float64(limit)))
}

// depth returns the number of messages to have out for a number of slots.
func (p *pace) depth(slots, limit int) int {
	if slots == 0 {
		slots = unknownSlots
	}
	ahead := p.rate * queueTime.Seconds() / float64(p.batch(limit))
	return slots + 2 + int(math.Ceil(ahead))
}
