package stream

import (
	"math/rand/v2"
	"time"

	"volara/geometry"
)

// A board is the tracker's view of a run, without any I/O: which blocks are done, which are ready, which are out. It
// yields the messages to publish (next, due) and takes in what became of them (fold). Everything in it but the done
// sets and the troubles is derived from these two, and costs O(1) amortised per block.
type board struct {
	tasks  []*taskBoard // upstream before downstream
	byName map[string]*taskBoard
	policy policy
	epoch  uint64
	retry  retryQueue
}

// policy is what a board needs of TrackerOptions.
type policy struct {
	maxBatch    int
	maxCrashes  int
	retryDelays []time.Duration
	jitter      func() float64 // in [0, 1)
	// For tasks with Conflict: how long after a crash was noticed, and how long after it was last heard of, a worker may
	// still be busy with a block.
	grace, silence time.Duration
}

// position is that of a block in its grid, without memory of its own; dimensions that the grid lacks are 0.
type position [geometry.MaxDims]int

// A taskBoard is one task on the board.
type taskBoard struct {
	Task
	board   *board
	axes    []axis
	strides [geometry.MaxDims]int64
	total   int64               // selected blocks
	void    uint64              // completions of epochs up to this one count for nothing
	levels  geometry.Coordinate // along each axis, of a task with conflicts; else nil

	done   *Bitmap
	masked *Bitmap   // of done, but for what an older generation of the bits may have left
	ready  *readySet // to be published
	out    *Bitmap   // published and not ended, or waiting for a new attempt

	nDone, nFailed int64 // selected blocks
	nMasked        int64 // of nDone
	nLeftOut       int64 // blocks that Select has and the run skips
	waiting        int64 // blocks of out that wait for a new attempt
	troubles       map[int64]*trouble
	touched        map[int]bool // pages of troubles that changed
	failures       failureBook

	upstream   []*link
	dependents []*link
	barriers   []*taskBoard // to be done altogether before any block is ready

	held     bool           // nothing is published: an earlier epoch's workers may be busy
	overdue  []int64        // while held or full: blocks whose time for a new attempt has come
	hung     map[int64]bool // of a task with conflicts: failed in this epoch, and may be at work until it is over
	aside    []int64        // while next looks: ready blocks whose neighbours are out
	scanned  bool           // every selected block has been looked at for readiness
	scan     scanner        // where the scan goes on
	messages map[messageKey]*message
	pace     pace
}

// A messageKey names a message of an epoch. A block that has failed may be out again, alone, while the message that it
// came first in has not ended.
type messageKey struct {
	first   int64 // block
	attempt int
}

// A message is a published work message that has not ended.
type message struct {
	left int64 // blocks not yet reported
	part int   // of the next completion expected
}

// newBoard returns the board of a valid plan, with nothing done.
func newBoard(plan Plan, p policy) *board {
	if p.jitter == nil {
		p.jitter = rand.Float64
	}
	b := &board{byName: map[string]*taskBoard{}, policy: p}
	for _, task := range plan.Tasks {
		t := newTaskBoard(task)
		t.board = b
		for _, dep := range task.Upstream {
			up := b.byName[dep.Task]
			if dep.All {
				t.barriers = append(t.barriers, up)
				continue
			}
			l := &link{up: up, down: t}
			t.upstream = append(t.upstream, l)
			up.dependents = append(up.dependents, l)
		}
		b.tasks = append(b.tasks, t)
		b.byName[task.Name] = t
	}
	return b
}

func newTaskBoard(task Task) *taskBoard {
	t := &taskBoard{
		Task: task, axes: newAxes(task), levels: levelsOf(task), masked: NewBitmap(task.Grid.Len()),
		ready: newReadySet(task), out: NewBitmap(task.Grid.Len()),
		troubles: map[int64]*trouble{}, touched: map[int]bool{}, failures: newFailureBook(task.Grid.Len()), messages: map[messageKey]*message{},
		hung: map[int64]bool{},
	}
	stride := int64(1)
	for d := len(t.axes) - 1; d >= 0; d-- {
		t.strides[d] = stride
		stride *= int64(task.Grid.Counts()[d])
	}
	t.nLeftOut = task.Skip.countIn(task)
	t.total = task.Select.Size() - t.nLeftOut
	t.scan = newScanner(t.axes, t.ready.tiles)
	t.setDone(NewBitmap(task.Grid.Len()))
	return t
}

// setDone gives the task its done set; the board takes it over.
func (t *taskBoard) setDone(done *Bitmap) {
	t.done = done
	t.nDone = t.countSelected(done)
	t.scanned = t.nDone == t.total
}

func (t *taskBoard) index(p *position) int64 {
	i := int64(0)
	for d := range t.axes {
		i += int64(p[d]) * t.strides[d]
	}
	return i
}

func (t *taskBoard) position(index int64) (p position) {
	for d := range t.axes {
		p[d] = int(index / t.strides[d])
		index %= t.strides[d]
	}
	return p
}

func (t *taskBoard) selected(index int64) bool {
	if t.total == t.done.Len() {
		return true
	}
	if t.skipped(index) {
		return false
	}
	p := t.position(index)
	for d := range t.axes {
		if p[d] < t.axes[d].from || p[d] >= t.axes[d].to {
			return false
		}
	}
	return true
}

// open reports whether everything that the task waits for as a whole is done.
func (t *taskBoard) open() bool {
	for _, up := range t.barriers {
		if up.nDone < up.total {
			return false
		}
	}
	return true
}

// idle reports whether nothing of the task is out and nothing can be published now.
func (t *taskBoard) idle() bool {
	return t.out.Count() == 0 && t.ready.Count() == 0 && (t.scanned || !t.open())
}

// drained reports whether the run has come to its end: what is not done or failed now waits for a failed block.
func (b *board) drained() bool {
	for _, t := range b.tasks {
		if !t.idle() {
			return false
		}
	}
	return true
}

// ended reports, task by task, whether nothing more can happen to it.
func (b *board) ended() []bool {
	over := make([]bool, len(b.tasks))
	at := make(map[*taskBoard]int, len(b.tasks))
	for i, t := range b.tasks {
		at[t] = i
		over[i] = t.idle()
		if t.nDone+t.nFailed == t.total {
			continue
		}
		for _, l := range t.upstream {
			over[i] = over[i] && over[at[l.up]]
		}
		for _, up := range t.barriers {
			over[i] = over[i] && over[at[up]]
		}
	}
	return over
}
