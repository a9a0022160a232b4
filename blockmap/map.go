package blockmap

import (
	"image/color"

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

// String names the state for people.
func (s State) String() string { return legend[s].name }

// Colour returns the colour of the state in every picture.
func (s State) Colour() color.RGBA { return legend[s].colour }

// A Map holds the state of every block of a task. It takes a byte a block and is not safe for concurrent use.
type Map struct {
	task       string
	generation string
	counts     geometry.Coordinate
	blocks     []State
	working    []stream.Range
}

// New returns the map of a task whose grid has so many blocks along each axis: all of them wait.
func New(task string, counts geometry.Coordinate) *Map {
	m := &Map{task: task, counts: counts, blocks: make([]State, counts.Prod())}
	m.reset()
	return m
}

func (m *Map) reset() {
	for i := range m.blocks {
		m.blocks[i] = Waiting
	}
}

// Take takes in an event of the run. Those of other tasks say nothing; the first one of another generation of the task
// makes all blocks wait again.
func (m *Map) Take(e stream.Event) {
	state, known := map[string]State{
		stream.EventBlockDone: Computed, stream.EventBlockMasked: Masked, stream.EventBlockFailed: Failed,
		stream.EventBlockRetry: Tried, stream.EventBlockCrashed: Tried, stream.EventBlockReopened: Waiting,
	}[e.Kind]
	if !known || e.Task != m.task {
		return
	}
	if e.Generation != m.generation {
		m.generation = e.Generation
		m.reset()
	}
	for _, r := range e.Blocks {
		for i := max(r.First(), 0); i < min(r.End(), int64(len(m.blocks))); i++ {
			if was := m.blocks[i]; state == Waiting || was != Computed && was != Masked { // else a late word of an earlier attempt
				m.blocks[i] = state
			}
		}
	}
}

// LeaveOut notes that a skip mask leaves a block out; one that is done is done.
func (m *Map) LeaveOut(block int64) {
	if m.blocks[block] == Waiting {
		m.blocks[block] = LeftOut
	}
}

// SetDone notes blocks that a record of the generation calls done, of which those in masked, which may be nil, were masked.
func (m *Map) SetDone(generation string, done, masked *stream.Bitmap) {
	if m.generation != generation {
		m.generation = generation
		m.reset()
	}
	for i, ok := done.Next(0); ok && i < int64(len(m.blocks)); i, ok = done.Next(i + 1) {
		if m.blocks[i] = Computed; masked != nil && masked.Get(i) {
			m.blocks[i] = Masked
		}
	}
}

// SetWorking notes which blocks workers have by now, in place of those that they had.
func (m *Map) SetWorking(blocks stream.Ranges) {
	m.working = m.working[:0]
	for _, r := range blocks {
		first, end := max(r.First(), 0), min(r.End(), int64(len(m.blocks)))
		if first < end {
			m.working = append(m.working, stream.Range{first, end - first})
		}
	}
}

// State returns the state of a block.
func (m *Map) State(block int64) State {
	s := m.blocks[block]
	if s == Waiting || s == Tried {
		for _, r := range m.working {
			if r.First() <= block && block < r.End() {
				return Working
			}
		}
	}
	return s
}

// Len returns the number of blocks.
func (m *Map) Len() int64 { return int64(len(m.blocks)) }

// Count returns how many blocks have a state.
func (m *Map) Count(s State) int64 {
	n := int64(0)
	for i := range m.Len() {
		if m.State(i) == s {
			n++
		}
	}
	return n
}
