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
	asking  int64         // memory of those that have no block yet
	crowded bool          // somebody was refused while others were asking
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
		d.crowded = d.crowded || d.asking > 0
		return false, d.memory.hungry(task, now)
	}
	d.running[task]++
	d.asking += d.memory.needs[task]
	return true, false
}

// got says that the task has a block for the place and the memory.
func (d *desk) got(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asking -= d.memory.needs[task]
	d.memory.settled(task)
}

// withdraw gives place and memory back that no block was found for. Nothing has changed for those that were refused
// before, and they are not told: a slot that asks one empty queue after the other would wake itself for ever.
func (d *desk) withdraw(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asking -= d.memory.needs[task]
	d.giveBack(task, d.crowded)
}

// leave gives place and memory back that a block had.
func (d *desk) leave(task int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.giveBack(task, d.refused)
}

func (d *desk) giveBack(task int, tell bool) {
	d.running[task]--
	d.memory.give(task)
	if tell && d.memory.needs[task] > 0 {
		d.refused, d.crowded = false, false
		close(d.freed)
		d.freed = make(chan struct{})
	}
}

// settled says that a task has no block, so that it does not wait for memory.
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
