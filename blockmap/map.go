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

// Count returns how many blocks have a state.
func (m *Map) Count(s State) int64 {
	n := int64(0)
	for _, b := range m.blocks {
		if b == s {
			n++
		}
	}
	return n
}
