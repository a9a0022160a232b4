package blockmap

import (
	"cmp"
	"fmt"
	"image/color"
	"slices"
	"strings"

	"volara/geometry"
	"volara/stream"
)

// A State is what is known of a block. Of two blocks that share a pixel, the one with the higher state shows.
type State uint8

// The states of a block.
const (
	Outside  State = iota // no block is there
	Computed              // done
	Masked                // done without anything computed: a mask excludes it
	LeftOut               // a skip mask leaves it out of the run
	Waiting               // nothing is known of it yet
	Working               // a worker has it
	Tried                 // has failed, or its worker has, and will be tried again
	Failed
	states
)

// names and colours of the states. Brightness tells them apart without colour, too.
var legend = [states]struct {
	name   string
	colour color.RGBA
}{
	Outside:  {"outside", color.RGBA{16, 17, 21, 255}},
	Computed: {"computed", color.RGBA{88, 176, 104, 255}},
	Masked:   {"masked", color.RGBA{58, 98, 128, 255}},
	LeftOut:  {"left out", color.RGBA{112, 96, 132, 255}},
	Waiting:  {"waiting", color.RGBA{44, 47, 55, 255}},
	Working:  {"in work", color.RGBA{108, 164, 240, 255}},
	Tried:    {"tried again", color.RGBA{238, 186, 76, 255}},
	Failed:   {"failed", color.RGBA{240, 84, 76, 255}},
}

// States returns the states that a block may have, in order.
func States() []State {
	return []State{Computed, Masked, LeftOut, Waiting, Working, Tried, Failed}
}

// String names the state for people.
func (s State) String() string { return legend[s].name }

// Colour returns the colour of the state in every picture.
func (s State) Colour() color.RGBA { return legend[s].colour }

// A Map holds the state of every block of a task. It takes a byte a block and is not safe for concurrent use.
type Map struct {
	task       string
	generation string // whose states the blocks have; "": nothing is known of them
	epoch      uint64 // of the last event
	counts     geometry.Coordinate
	blocks     []State        // what events and records tell: never Outside, LeftOut or Working
	left       *stream.Bitmap // what a skip mask leaves out, in whatever generation; nil: nothing
	working    []stream.Range // disjoint, in order
}

// New returns the map of a task whose grid has so many blocks along each axis: all of them wait.
func New(task string, counts geometry.Coordinate) *Map {
	m := &Map{task: task, counts: counts, blocks: make([]State, counts.Prod())}
	m.begin("")
	return m
}

// begin makes all blocks wait, in a generation.
func (m *Map) begin(generation string) {
	m.generation = generation
	for i := range m.blocks {
		m.blocks[i] = Waiting
	}
}

// Forget makes all blocks wait again: nothing is recorded of the task any more.
func (m *Map) Forget() { m.begin("") }

// Take takes in an event of the run. Those of other tasks say nothing; the first one of another generation of the task
// makes all blocks wait again, and with the first one of another run of it all that failed before will be tried again.
func (m *Map) Take(e stream.Event) {
	if e.Task != m.task {
		return
	}
	if e.Epoch != m.epoch {
		m.epoch = e.Epoch
		m.pardon()
	}
	state, known := map[string]State{
		stream.EventBlockDone: Computed, stream.EventBlockMasked: Masked, stream.EventBlockFailed: Failed,
		stream.EventBlockRetry: Tried, stream.EventBlockCrashed: Tried, stream.EventBlockReopened: Waiting,
	}[e.Kind]
	if !known {
		return
	}
	m.SetGeneration(e.Generation)
	for _, r := range e.Blocks {
		first, end := m.clip(r)
		for i := first; i < end; i++ {
			if state == Waiting || !m.blocks[i].done() { // else a late word of an earlier attempt
				m.blocks[i] = state
			}
		}
	}
}

func (m *Map) pardon() {
	for i, s := range m.blocks {
		if s == Failed {
			m.blocks[i] = Tried
		}
	}
}

// clip returns which blocks of a range there are.
func (m *Map) clip(r stream.Range) (first, end int64) {
	return max(r.First(), 0), min(r.End(), m.Len())
}

// done reports whether nothing is left to do.
func (s State) done() bool { return s == Computed || s == Masked }

// LeaveOut notes which blocks a skip mask leaves out, in place of those that it did; nil: none. One that is done is done.
// The set is of the map's length and is not changed; the caller does not change it either.
func (m *Map) LeaveOut(blocks *stream.Bitmap) { m.left = blocks }

// SetGeneration notes which generation is recorded: what was of another one is not any more, and all blocks wait.
func (m *Map) SetGeneration(generation string) {
	if m.generation != generation {
		m.begin(generation)
	}
}

// SetDone notes blocks that a record of the generation calls done, of which those in masked, which may be nil, were masked.
func (m *Map) SetDone(generation string, done, masked *stream.Bitmap) {
	m.SetGeneration(generation)
	for i, ok := done.Next(0); ok && i < m.Len(); i, ok = done.Next(i + 1) {
		if m.blocks[i] = Computed; masked != nil && masked.Get(i) {
			m.blocks[i] = Masked
		}
	}
}

// SetFailed notes that a block is known to have failed; of one of which more is known that says nothing.
func (m *Map) SetFailed(block int64) {
	if block >= 0 && block < m.Len() && m.blocks[block] == Waiting {
		m.blocks[block] = Failed
	}
}

// SetWorking notes which blocks workers have by now, in place of those that they had.
func (m *Map) SetWorking(blocks stream.Ranges) {
	m.working = m.working[:0]
	for _, r := range slices.SortedFunc(slices.Values(blocks), func(a, b stream.Range) int { return cmp.Compare(a.First(), b.First()) }) {
		first, end := m.clip(r)
		if n := len(m.working); n > 0 {
			first = max(first, m.working[n-1].End())
		}
		if first < end {
			m.working = append(m.working, stream.Range{first, end - first})
		}
	}
}

// State returns the state of a block in [0, Len).
func (m *Map) State(block int64) State {
	if !m.blocks[block].done() && m.inWork(block) && m.blocks[block] != Failed {
		return Working
	}
	return m.idle(block)
}

func (m *Map) inWork(block int64) bool {
	for _, r := range m.working {
		if r.First() <= block && block < r.End() {
			return true
		}
	}
	return false
}

// idle is the state of a block that no worker has.
func (m *Map) idle(block int64) State {
	if s := m.blocks[block]; s.done() || m.left == nil || !m.left.Get(block) {
		return s
	}
	return LeftOut
}

// Task returns the name of the task.
func (m *Map) Task() string { return m.task }

// Len returns the number of blocks.
func (m *Map) Len() int64 { return int64(len(m.blocks)) }

// A Tally is how many blocks have each state.
type Tally [states]int64

// Done returns how many blocks are done.
func (t Tally) Done() int64 { return t[Computed] + t[Masked] }

// String lists the counts for people.
func (t Tally) String() string {
	var parts []string
	for s := Computed; s < states; s++ {
		if t[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", t[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

// Tally counts the blocks.
func (m *Map) Tally() Tally {
	var t Tally
	for i := range m.Len() {
		t[m.idle(i)]++
	}
	for _, r := range m.working {
		for i := r.First(); i < r.End(); i++ {
			t[m.idle(i)]--
			t[m.State(i)]++
		}
	}
	return t
}
