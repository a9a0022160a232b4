package graph

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"volara/fault"
	"volara/graph/npz"
)

// A LUT says which segment each fragment belongs to. Fragments are in ascending order, each once. A fragment that is
// not in it is a segment of its own.
type LUT struct {
	Fragments []int64
	Segments  []int64   // of the fragment at the same place
	Edges     []LUTEdge // the decisions that led to it, strongest first; nil where they are not known
}

// A LUTEdge is one decision of a clustering: U and V were to be merged, or kept apart.
type LUTEdge struct {
	Merge bool
	U, V  int64
}

// The arrays of a LUT file, as Volara names them.
const (
	lutArray  = "fragment_segment_lut" // 2 × N: fragments, segments
	edgeArray = "edges"                // N × 3: merge (0 or 1), u, v
)

// LUTPath returns the path of a LUT's file: .npz is appended where it is missing.
func LUTPath(path string) string {
	if strings.HasSuffix(path, ".npz") {
		return path
	}
	return path + ".npz"
}

// NewLUT makes a LUT of two equally long slices, which it takes over and orders. A fragment may be listed again with the same
// segment, but not with another.
func NewLUT(fragments, segments []int64) (*LUT, error) {
	if len(fragments) != len(segments) {
		return nil, fmt.Errorf("a LUT of %d fragments and %d segments", len(fragments), len(segments))
	}
	if !strictlyAscending(fragments) {
		order := make([]int, len(fragments))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(fragments[a], fragments[b]) })
		sorted := &LUT{Fragments: make([]int64, 0, len(order)), Segments: make([]int64, 0, len(order))}
		for _, i := range order {
			if n := len(sorted.Fragments); n > 0 && sorted.Fragments[n-1] == fragments[i] {
				if sorted.Segments[n-1] != segments[i] {
					return nil, fmt.Errorf("fragment %d belongs to segments %d and %d", fragments[i], sorted.Segments[n-1], segments[i])
				}
				continue
			}
			sorted.Fragments = append(sorted.Fragments, fragments[i])
			sorted.Segments = append(sorted.Segments, segments[i])
		}
		return sorted, nil
	}
	return &LUT{Fragments: fragments, Segments: segments}, nil
}

func strictlyAscending(v []int64) bool {
	for i := 1; i < len(v); i++ {
		if v[i-1] >= v[i] {
			return false
		}
	}
	return true
}

// Segment returns the segment of a fragment: itself where the LUT does not name it.
func (l *LUT) Segment(fragment int64) int64 {
	if i, found := slices.BinarySearch(l.Fragments, fragment); found {
		return l.Segments[i]
	}
	return fragment
}

// Write writes the LUT to LUTPath(path), atomically, as compressed npz. Equal LUTs make equal bytes.
func (l *LUT) Write(path string) error { return l.WriteAs(context.Background(), path, "") }

// WriteAs is Write for a writer that may lose its right to the file; see WriteFileAs.
func (l *LUT) WriteAs(ctx context.Context, path, owner string) error {
	arrays := []npz.Array{{Name: lutArray, Shape: []int{2, len(l.Fragments)}, Data: slices.Concat(l.Fragments, l.Segments)}}
	if l.Edges != nil {
		arrays = append(arrays, npz.Array{Name: edgeArray, Shape: []int{len(l.Edges), 3}, Data: flatten(l.Edges)})
	}
	return WriteFileAs(ctx, LUTPath(path), owner, func(f *os.File) error {
		w := bufio.NewWriterSize(f, 1<<16)
		if err := npz.Write(w, arrays...); err != nil {
			return err
		}
		return w.Flush()
	})
}

func flatten(edges []LUTEdge) []int64 {
	flat := make([]int64, 0, 3*len(edges))
	for _, e := range edges {
		merge := int64(0)
		if e.Merge {
			merge = 1
		}
		flat = append(flat, merge, e.U, e.V)
	}
	return flat
}

// ReadLUT reads LUTPath(path), written by Write or by NumPy: integers of any width and order. A missing file is an
// fs.ErrNotExist, one that cannot be understood a permanent error.
func ReadLUT(path string) (*LUT, error) {
	path = LUTPath(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("LUT: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("LUT: %w", err)
	}
	l, err := readLUT(f, info.Size())
	if pathErr := (*os.PathError)(nil); errors.As(err, &pathErr) {
		return nil, fault.Environment(fmt.Errorf("LUT: %w", err))
	}
	if err != nil {
		return nil, fault.Permanent(fmt.Errorf("LUT %s: %w (the file is damaged or no LUT: make it anew)", path, err))
	}
	return l, nil
}
