package view

import (
	"context"

	"volara/nd"
	"volara/zarr"
)

// A Source is voxels that are read in boxes: an array, one computed from others as it is read, or the states of blocks. It
// may be used concurrently.
type Source interface {
	// Shape returns the number of voxels along every axis; the caller does not change it.
	Shape() []int
	// DType returns the type of the elements.
	DType() nd.DType
	// Path names the array for people.
	Path() string
	// ReadInto reads the box of dst's shape from offset into dst, whose type is the source's; voxels outside it become 0.
	ReadInto(ctx context.Context, dst *nd.Array, offset []int) error
}

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

// A Level is an array with its place in the world.
type Level struct {
	Source
	Spatial zarr.Spatial
	// Dir is the folder that holds the array as Source reads it; "" where there is none on this machine.
	Dir string
	// Chunks is the shape of what is decoded at once.
	Chunks []int
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

// arraySource is an array as a Source.
type arraySource struct{ *zarr.Array }

func (a arraySource) Shape() []int    { m := a.Metadata(); return m.Shape }
func (a arraySource) DType() nd.DType { m := a.Metadata(); return m.DType }
