package view

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"slices"
	"strings"

	"volara/nd"
)

// A Layer is a dataset as it is shown.
type Layer struct {
	Name string
	Kind Kind
	// Path names the dataset for people.
	Path string
	// Shape and Type are those of the finest level, Levels is how many there are.
	Shape  []int
	Type   nd.DType
	Levels int
	// Converted says why chunks are not served as they are stored; "" where they are.
	Converted string
	// Table is the look-up table that labels were asked to be seen through; "" where none was.
	Table string
	// Notes are for whoever wonders about the place or the colours.
	Notes []string

	dataset Dataset
	axes    []axis
	inputs  []string // the viewer's names for the axes of what is served
	format  int      // of zarr, as served
	ranges  []Range  // of the channels' values, for images
	tree    tree
}

// newLayer prepares a dataset.
func newLayer(ctx context.Context, d Dataset) (*Layer, error) {
	finest := d.Levels[0]
	l := &Layer{Name: d.Name, Kind: d.Kind, Path: finest.Path(), Shape: finest.Shape(), Type: finest.DType(), Levels: len(d.Levels), Table: d.Table, dataset: d}
	if _, err := viewerType(l.Type, l.Kind); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, err)
	}
	all := make([][]axis, len(d.Levels))
	for i, level := range d.Levels {
		axes, notes, err := placed(level.Shape(), level.Spatial, l.Kind)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", level.Path(), err)
		case len(axes) != len(l.Shape):
			return nil, fmt.Errorf("%s has %d axes, the finest level %d", level.Path(), len(axes), len(l.Shape))
		}
		if all[i] = axes; i == 0 {
			l.Notes = slices.Concat(d.Notes, level.Spatial.Warnings, notes)
		}
	}
	l.axes = all[0]
	if err := l.serve(all); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, err)
	}
	if l.Kind == Image {
		return l, l.findRanges(ctx)
	}
	if len(d.Legend) == 0 {
		return l, nil
	}
	var err error
	l.tree, err = newLegend(l.tree, d.Legend)
	return l, err
}

// serve decides how the levels are served: as they are stored, or, where the viewer could not read one, all converted.
func (l *Layer) serve(axes [][]axis) error {
	trees, format, names, why := l.stored(axes)
	if l.Converted = why; why != "" {
		trees, format, names = nil, 3, nil
		for i, level := range l.dataset.Levels {
			t, err := newVirtual(level, axes[i], l.Kind)
			if err != nil {
				return err
			}
			trees = append(trees, t)
		}
		for _, a := range l.axes {
			names = append(names, strings.TrimRight(a.name, "^'"))
		}
	}
	l.format, l.inputs = format, names
	if len(trees) == 1 {
		l.tree = trees[0]
		return nil
	}
	l.inputs = nil
	for _, a := range l.axes {
		l.inputs = append(l.inputs, inputName(a))
	}
	var err error
	l.tree, err = newLevels(l.Name, format, trees, axes)
	return err
}

// stored returns trees of the files as they are, or says why the viewer cannot read them.
func (l *Layer) stored(axes [][]axis) (trees []tree, format int, names []string, why string) {
	for i, level := range l.dataset.Levels {
		if level.Dir == "" && level.computed() {
			return nil, 0, nil, "computed by lazy operations"
		}
		if level.Dir == "" {
			return nil, 0, nil, "no files of this machine hold it as it is"
		}
		doc, err := readDocument(level.Dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, 0, nil, "no files of this machine hold it as it is"
		case err != nil:
			return nil, 0, nil, err.Error()
		case i > 0 && doc.version != format:
			return nil, 0, nil, "levels of both zarr formats"
		case i > 0 && level.DType() != l.Type:
			return nil, 0, nil, "levels of several types"
		}
		if why := doc.unreadable(level, axes[i]); why != "" {
			return nil, 0, nil, why
		}
		if i == 0 {
			format, names = doc.version, doc.axisNames(len(l.Shape))
		}
		trees = append(trees, &files{dir: level.Dir})
	}
	return trees, format, names, ""
}

// largestChunk returns how many bytes the largest stored chunk takes that has to be decoded for the layer.
func (l *Layer) largestChunk() (bytes int64) {
	for _, level := range l.dataset.Levels {
		if _, ok := level.Source.(*states); !ok {
			bytes = max(bytes, chunkSize(level))
		}
	}
	return bytes
}

// chunkSize returns how many bytes the voxels of a chunk take, math.MaxInt64 where that is more than there can be.
func chunkSize(l Level) int64 {
	size := int64(l.DType().Size())
	for _, n := range l.Chunks {
		if n > 0 && size > math.MaxInt64/int64(n) {
			return math.MaxInt64
		}
		size *= int64(n)
	}
	return size
}

// source returns the URL of the layer's data in the viewer's words; base ends in a slash.
func (l *Layer) source(base string) string {
	return fmt.Sprintf("zarr%d://%s%s/", l.format, base, url.PathEscape(l.Name))
}
