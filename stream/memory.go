package stream

import "time"

// memory keeps the predicted memory of the blocks that a worker has in work within a budget. A task whose blocks are
// large is not starved by small ones that take what is free as soon as it is free: when it has been refused for long,
// memory is saved for it.
type memory struct {
	limit    int64 // 0: none
	oversize bool  // a block beyond the limit is taken when there is nothing else
	needs    []int64
	used     int64
	refused  []time.Time // by task: since when; zero: not, or it has nothing to do
	saving   int         // the task that memory is saved for; -1: none
}

// patience is how long a task is refused before memory is saved for it.
const patience = time.Second

func newMemory(tasks []Task, limit int64, oversize bool) memory {
	m := memory{limit: limit, oversize: oversize, refused: make([]time.Time, len(tasks)), saving: -1}
	for _, t := range tasks {
		m.needs = append(m.needs, t.Memory)
	}
	return m
}

// never reports whether the worker cannot have a block of a task.
func (m *memory) never(task int) bool {
	return m.limit > 0 && m.needs[task] > m.limit && !m.oversize
}

// take takes the memory of one block; false when it is not there.
func (m *memory) take(task int, now time.Time) bool {
	need := m.needs[task]
	free := m.limit - m.used
	if m.saving >= 0 && m.saving != task {
		free -= m.needs[m.saving]
	}
	alone := m.used == 0 && m.saving < 0 || m.saving == task && m.used == 0
	if m.limit > 0 && need > 0 && need > free && !(m.oversize && alone) {
		if m.refused[task].IsZero() {
			m.refused[task] = now
		}
		return false
	}
	m.used += need
	return true
}

// give gives the memory of one block back.
func (m *memory) give(task int) { m.used -= m.needs[task] }

// settled says that a task has got a block, or has none: it does not wait for memory.
func (m *memory) settled(task int) {
	m.refused[task] = time.Time{}
	if m.saving == task {
		m.saving = -1
	}
}

// hungry reports whether a task has been refused for so long that memory is to be saved for it, if it has blocks.
func (m *memory) hungry(task int, now time.Time) bool {
	since := m.refused[task]
	return m.saving < 0 && !since.IsZero() && now.Sub(since) > patience && !m.never(task)
}

// save leaves memory free for a task.
func (m *memory) save(task int) {
	if m.saving < 0 {
		m.saving = task
	}
}
