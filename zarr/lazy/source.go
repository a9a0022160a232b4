package lazy

import (
	"context"
	"fmt"
	"io"
	"slices"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/ngff"
)

// A Source is voxels that can be read box by box. *zarr.Array is one. It is safe for concurrent use.
type Source interface {
	// Shape returns the number of voxels along every axis; the caller does not change it.
	Shape() []int
	// DType returns the type of the elements.
	DType() nd.DType
	// Path names the array for people.
	Path() string
	// ReadInto reads the box of dst's shape from offset (one value an axis, in voxels) into dst, whose type must be the
	// source's. The box may leave the source; voxels outside it become 0. After an error dst holds anything.
	ReadInto(ctx context.Context, dst *nd.Array, offset []int) error
}

var _ Source = (*zarr.Array)(nil)

// An Array is a Source with its place in the world. Operations make new Arrays and change none.
type Array struct {
	Source
	// Spatial places the source: its axes are the source's, those that operations drop are gone.
	Spatial zarr.Spatial
	// Chunks is the shape of what is decoded together, as far as it can be told of the source; a hint, never nil.
	Chunks []int
	// Neighborhood holds the offsets of affinities, one for each entry of the first axis; nil where there are none.
	Neighborhood [][]int
	// Moved tells that voxels lie at other places of the world than those of the array in the store.
	Moved bool
	// Scratch is how many bytes a voxel reading needs beside the result, at most.
	Scratch int
	// Warnings says what is lost by operations that work.
	Warnings []string

	image      *ngff.Group // that the array in the store is a level of
	reselected bool        // channels are no longer those of the store, by number
	closers    []io.Closer // opened by operations
}

// Of makes an Array of one in a store. Closing the result does not close it.
func Of(a *zarr.Array, o zarr.Overrides) (Array, error) {
	spatial, err := a.Spatial(o)
	if err != nil {
		return Array{}, err
	}
	return Array{Source: a, Spatial: spatial, Chunks: a.Metadata().Inner, Neighborhood: Offsets(a), image: a.Image()}, nil
}

// Offsets returns the attribute neighborhood of an array, one offset for each entry of its first axis; nil where there is
// no such list.
func Offsets(a *zarr.Array) [][]int {
	var offsets [][]int
	m := a.Metadata()
	if there, err := m.Attribute("neighborhood", &offsets); !there || err != nil || len(m.Shape) == 0 || len(offsets) != m.Shape[0] {
		return nil
	}
	return offsets
}

// Described makes an Array of one that does not exist yet: operations can be planned on it, and reading it is an error.
func Described(path string, shape []int, dtype nd.DType, s zarr.Spatial, chunks []int) Array {
	return Array{Source: described{path, shape, dtype}, Spatial: s, Chunks: chunks}
}

// Read returns the voxels of a box; voxels outside of the array are 0.
func (a Array) Read(ctx context.Context, offset, shape []int) (*nd.Array, error) {
	dst := nd.New(a.DType(), shape...)
	return dst, a.ReadInto(ctx, dst, offset)
}

// Close releases what operations have opened.
func (a Array) Close() error {
	var first error
	for _, c := range a.closers {
		if err := c.Close(); first == nil {
			first = err
		}
	}
	return first
}

type described struct {
	path  string
	shape []int
	dtype nd.DType
}

func (d described) Shape() []int    { return d.shape }
func (d described) DType() nd.DType { return d.dtype }
func (d described) Path() string    { return d.path }

func (d described) ReadInto(context.Context, *nd.Array, []int) error {
	return fmt.Errorf("reading %s: it is planned and does not exist yet", d.path)
}

// checkBox verifies what a Source is asked for.
func checkBox(s Source, dst *nd.Array, offset []int) error {
	n := len(s.Shape())
	switch {
	case len(offset) != n || len(dst.Shape()) != n:
		return fmt.Errorf("reading %s: box of %d and %d dimensions in an array of %d", s.Path(), len(offset), len(dst.Shape()), n)
	case dst.DType() != s.DType():
		return fmt.Errorf("reading %s: it is %v after its operations, not %v", s.Path(), s.DType(), dst.DType())
	}
	return nil
}

// inside cuts a box to an array: from the first to before the last voxel; empty where they do not meet.
func inside(offset, shape, whole []int) (lo, hi []int, empty bool) {
	lo, hi = slices.Clone(offset), slices.Clone(offset)
	for d := range lo {
		lo[d], hi[d] = max(offset[d], 0), min(offset[d]+shape[d], whole[d])
		empty = empty || lo[d] >= hi[d]
	}
	return lo, hi, empty
}

// clearOutside sets to 0 what lies outside of the array in a box of it, and reports whether nothing lies inside.
func clearOutside(dst *nd.Array, offset, whole []int) (empty bool) {
	lo, hi, empty := inside(offset, dst.Shape(), whole)
	if empty {
		clear(dst.Bytes())
		return true
	}
	clearAround(dst.Bytes(), dst.Shape(), offset, lo, hi, dst.DType().Size())
	return false
}

// clearAround sets to 0 all of a box but what lies between lo and hi.
func clearAround(b []byte, shape, offset, lo, hi []int, size int) {
	if len(shape) == 0 {
		return
	}
	below := nd.Len(shape[1:]) * size
	from, to := lo[0]-offset[0], hi[0]-offset[0]
	clear(b[:from*below])
	clear(b[to*below:])
	if slices.Equal(lo[1:], offset[1:]) && isEnd(hi[1:], offset[1:], shape[1:]) {
		return
	}
	for i := from; i < to; i++ {
		clearAround(b[i*below:(i+1)*below], shape[1:], offset[1:], lo[1:], hi[1:], size)
	}
}

func isEnd(hi, offset, shape []int) bool {
	for d := range hi {
		if hi[d] != offset[d]+shape[d] {
			return false
		}
	}
	return true
}

// Owning returns the array, whose Close closes c as well.
func (a Array) Owning(c io.Closer) Array {
	a.closers = append(a.closers[:len(a.closers):len(a.closers)], c)
	return a
}
