package stream

import (
	"sync"
	"time"
)

// A desk is where the slots of a worker are told for which tasks they may look for work. It is safe for concurrent use.
type desk struct {
	mu      sync.Mutex
	turns   turns
	turn    int
	running []int // slots that a task has, those that are asking for it included
	memory  memory
	refused bool          // somebody was, since memory was last given back
	freed   chan struct{} // closed when memory is given back
}

func newDesk(tasks []Task, m memory) *desk {
	return &desk{turns: newTurns(tasks), running: make([]int, len(tasks)), memory: m, freed: make(chan struct{})}
}

// order returns the tasks in the order in which a slot is to ask for them.
func (d *desk) order() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn++
	return d.turns.order(d.running, d.turn)
}

// enter takes a place and memory for a block of a task; false when there is no memory. hungry tells that the task has
// waited for memory for long.
func (d *desk) enter(task int) (ok, hungry bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if !d.memory.take(task, now) {
		d.refused = true
		return false, d.memory.hungry(task, now)
	}
	d.running[task]++
	return true, false
}

// leave gives place and memory back.
func (d *desk) leave(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running[task]--
	d.memory.give(task)
	if d.refused && d.memory.needs[task] > 0 {
		d.refused = false
		close(d.freed)
		d.freed = make(chan struct{})
	}
}

// settled says that a task has got a block, or has none.
func (d *desk) settled(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.memory.settled(task)
}

// save leaves memory free for a task that waits for it.
func (d *desk) save(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.memory.save(task)
}

// next returns a channel that is closed when memory is given back that somebody was refused.
func (d *desk) next() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.freed
}
