package view

import (
	"volara/zarr"
	"volara/zarr/lazy"
)

// A Dataset is something to look at: an array, or an image of several levels.
type Dataset struct {
	// Name is what the layer is called; names that are taken are changed.
	Name string
	// Kind is what the values mean.
	Kind Kind
	// Levels are the arrays, the finest first; there is at least one.
	Levels []Level
	// Channels say how an image's channels are displayed; nil where nothing does.
	Channels []Channel
	// Legend gives labels a meaning and a colour; nil where they have none.
	Legend []Entry
	// Hidden asks for a layer that is not visible until it is clicked on.
	Hidden bool
}

// A Level is an array with its place in the world: a stored one, one computed from others as it is read, or the states of
// blocks.
type Level struct {
	lazy.Array
	// Dir is the folder that holds the array as it is; "" where there is none on this machine.
	Dir string
}

// computed reports whether the voxels are made from those of other arrays as they are read.
func (l Level) computed() bool {
	switch l.Source.(type) {
	case *zarr.Array, *states:
		return false
	}
	return true
}

// A Channel says how one channel of an image is displayed.
type Channel struct {
	Colour string // RRGGBB; "" is chosen
	Window *Range // of values that black and the full colour stand for; nil is taken from the data
	Hidden bool
}

// A Range is a range of values.
type Range struct{ Low, High float64 }

// An Entry of a legend gives a label its colour.
type Entry struct {
	Label  uint64
	Name   string
	Colour string // RRGGBB
}
