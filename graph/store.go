package graph

import (
	"context"
	"errors"
	"iter"
	"math"

	"volara/geometry"
)

// ErrStaleGeneration is what a write fails with when its writer's generation is not the one in the database: the task
// was dropped, or started anew, or another run has taken it over, while the writer was at work. It is marked as taken over
// (package fault).
var ErrStaleGeneration = errors.New("another run, or another life of this one, has taken over what the task writes")

// ErrClosed is what every method of a closed Store fails with.
var ErrClosed = errors.New("the graph database is closed")

// ErrReadOnly is what writes to a Store opened for reading fail with.
var ErrReadOnly = errors.New("the graph database was opened for reading only")

// A Node is a fragment.
type Node struct {
	ID       int64
	Position geometry.Coordinate // world units; where a database holds fractions they are rounded down
	Size     int64               // voxels; 0 where the database has none
	Values   []any               // of the asked-for attributes, column by column: nil (absent), int64, float64, bool or string
}

// An Edge joins two fragments; U < V, but for a directed graph of someone else's making.
type Edge struct {
	U, V   int64
	Values []float64 // of the asked-for attributes, column by column; NaN where absent. Integers are exact up to 2^53
}

// Absent is the value of an edge attribute that is not there (NULL).
var Absent = math.NaN()

// IsAbsent reports whether an edge's value is not there.
func IsAbsent(v float64) bool { return math.IsNaN(v) }

// An IDRange is a half-open range of node ids: those that the writing block may give.
type IDRange struct{ From, To int64 }

// A Writer says on whose behalf rows are written. A write is refused with ErrStaleGeneration unless the database
// holds the same generation for the task.
type Writer struct {
	Task       string
	Generation string
}

// A Store keeps a region adjacency graph. It is safe for concurrent use; a process opens a database once and shares the
// Store.
//
// Writes are atomic and durable against the death of the process when they return; writes of concurrent callers may share a
// transaction, each still learning its own error. Repeating a write changes nothing, and what the database holds in the
// end does not depend on the order of writes of distinct blocks. Arguments are not kept after a method returns.
//
// Attributes are given by name; a vector attribute stands for all its components, which follow one another in Values.
// An unknown attribute is an error. A zero roi (no dimensions) means no bound.
//
// Errors are marked by package fault: a locked database or a full disk is the environment's, a corrupt database and a stale
// generation are permanent, the latter also taken over.
type Store interface {
	// Schema returns what the database holds, which may be more than it was opened with.
	Schema() Schema

	// WriteNodes replaces all nodes whose ids lie in the range by the given ones, with their positions, sizes and
	// the given attributes. Ids must be distinct and lie in the range.
	WriteNodes(ctx context.Context, w Writer, replace IDRange, attrs []string, nodes []Node) error

	// WriteEdges sets the given attributes of the given edges, adding the edges that are not there; other attributes keep
	// their values, or are absent in an added edge. An absent value is written as such. U < V must hold.
	WriteEdges(ctx context.Context, w Writer, attrs []string, edges []Edge) error

	// WritePartials replaces what the block has contributed so far by p, and sets for every pair that is in either, and
	// every score, the mean over the contributions of all blocks, Σ sum / Scale / Σ count, and the count; sums are taken
	// in the order of blocks. So neither the order of writes nor repeats change a bit of the end. Without a contribution
	// left the attributes become absent, and so they are where node U does not lie in p.Roi; an edge without any
	// attribute goes. Nodes should be there first. An attribute is written either so or by WriteEdges.
	WritePartials(ctx context.Context, w Writer, p Partials) error

	// Nodes streams the nodes whose position lies in roi, in the order of their ids. What it yields is the caller's to keep.
	// After an error nothing follows.
	Nodes(ctx context.Context, roi geometry.Roi, attrs []string) iter.Seq2[Node, error]

	// Edges streams, in no particular order, the edges whose node U has its position in roi; the edge's other node may lie
	// outside. With a roi, edges whose U is no node are left out; with the zero Roi, every edge is read.
	// What it yields is the caller's to keep. After an error nothing follows.
	Edges(ctx context.Context, roi geometry.Roi, attrs []string) iter.Seq2[Edge, error]

	// Extent returns the smallest box that holds all node positions; the zero Roi when there are no nodes.
	Extent(ctx context.Context) (geometry.Roi, error)

	// ClearNodes removes all nodes.
	ClearNodes(ctx context.Context) error

	// ClearEdgeAttrs makes attributes absent in every edge, forgets the blocks' contributions to them, and removes the
	// edges that have no attribute left.
	ClearEdgeAttrs(ctx context.Context, attrs []string) error

	// Generation returns the generation in which a task may write; empty when none was set.
	Generation(ctx context.Context, task string) (string, error)

	// SetGeneration makes id the only generation in which the task may write; empty: the task may not write at all.
	SetGeneration(ctx context.Context, task, id string) error

	// Close waits for running calls, and leaves the database complete in its own file. It may be called again.
	Close() error
}

// Collect gathers what Nodes or Edges streams.
func Collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}
