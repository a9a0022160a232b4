package view

import (
	"fmt"
	"os"
	"path/filepath"

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
	// Table is the look-up table that labels were asked to be seen through; "" where none was.
	Table string
	// Notes are for whoever wonders about what is shown.
	Notes []string

	key string // tells the dataset apart from others of the same path; see identity
}

// identity tells a dataset apart from others, also from those that are found at another time.
func (d Dataset) identity() string { return d.key + " " + d.Levels[0].Path() }

func (d *Dataset) note(format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}

// A Level is an array with its place in the world: a stored one, one computed from others as it is read, or the states of
// blocks.
type Level struct {
	lazy.Array
	// Dir is the folder that holds the array as it is; "" where there is none on this machine.
	Dir string
}

// levelOf returns an array as a level.
func levelOf(a *zarr.Array, o zarr.Overrides) (Level, error) {
	seen, err := lazy.Of(a, o)
	return Level{Array: seen, Dir: folder(a.Path())}, err
}

// folder returns the path where it is that of a folder on this machine, else "".
func folder(path string) string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() || !filepath.IsAbs(path) {
		return ""
	}
	return path
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
