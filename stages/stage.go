package stages

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"volara/geometry"
	"volara/graph"
	"volara/zarr"
)

// A Stage is a configured task. Its life: decoded, bound (Bind), planned (Plan), initialised (Init, once a
// generation, idempotent), opened (Open, once a worker), perhaps dropped (Drop).
type Stage interface {
	// Common returns the fields that every task has.
	Common() *Shared
	// DefaultName is the task's name where the file gives none: Volara's task name.
	DefaultName() string
	// Bind declares what the task reads and writes; the binder resolves named references and relative paths in place.
	Bind(b *Binder)
	// Plan computes grid and outputs. It reads no output that does not exist yet (in resolves planned outputs first)
	// and writes nothing.
	Plan(ctx context.Context, in *Specs) (*Plan, error)
	// Init creates the outputs. It may find them half made, or made.
	Init(ctx context.Context, env *Env) error
	// Open makes the processor of one worker.
	Open(ctx context.Context, env *Env) (Processor, error)
	// Drop removes what the task made; it leaves inputs and other tasks' attributes alone.
	Drop(ctx context.Context, env *Env) error
}

// A Processor processes the blocks of one task. Process is safe to repeat and to call concurrently on distinct blocks.
type Processor interface {
	Process(ctx context.Context, b geometry.Block) (Timings, error)
	Close() error
}

// Timings says where a block's time went.
type Timings struct {
	Read    time.Duration `json:"read"`
	Compute time.Duration `json:"compute"`
	Write   time.Duration `json:"write"`
}

// A Plan is what a task will do, computed before anything is written.
type Plan struct {
	Grid      geometry.Grid
	VoxelSize geometry.Coordinate
	// Region is the part of the data that the task's roi (or the whole) asks for, snapped to whole blocks.
	Region geometry.Roi
	// Global tells that the one block reads everything: the grid follows the region and a larger region means a new
	// computation.
	Global bool
	// BlockVoxels is the number of voxels of a whole block; fragment ids are counted in it.
	BlockVoxels int64
	// BlockMemory is the predicted peak of one block in bytes, 0 where it cannot be known: what it holds, and not what the
	// collector lets lie beside it.
	BlockMemory int64
	// Arrays and Graphs are the outputs by field name.
	Arrays map[string]ArraySpec
	Graphs map[string]GraphSpec
	// Warnings are things that work but that the user should know.
	Warnings []string
}

// chunkBuffers is what reading and writing labels takes beside the block itself, in bytes a voxel: a chunk, which may be
// as large as the block, decoded and encoded.
const chunkBuffers = 2 * 8

func (p *Plan) warnf(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// Env is what a stage needs of its surroundings at run time.
type Env struct {
	Logger     *slog.Logger
	Run, Task  string // names
	Generation string // of the task's outputs
	Plan       *Plan
	Marker     Marker // what every output carries
	Crashed    bool   // the run before this one was killed: it may have left temporary files
	Replace    bool   // what an earlier generation of this task has left is void and is removed
	Adopt      bool   // Init takes over what is there as this generation's: nothing is removed
	Cache      *zarr.Cache
	Helpers    *zarr.Helpers   // goroutines that blocks share
	Shared     map[string]bool // arrays whose files several blocks write: what is read of them may change
	MayLack    map[string]bool // arrays whose writers may have skipped blocks: chunks that are not there are fill
	Graphs     *Graphs
}

// writer names the task's generation to a graph, which knows no runs: the run is part of the generation's name.
func (e *Env) writer() graph.Writer {
	return graph.Writer{Task: e.Task, Generation: GraphName(e.Run, e.Generation)}
}

// GraphName returns the name of a run's generation in a graph.
func GraphName(run, generation string) string { return run + "/" + generation }

// A Marker is the `volara` attribute of an output: who made it, from what.
type Marker struct {
	Version    string            `json:"version"`
	Run        string            `json:"run"`
	Task       string            `json:"task"`
	TaskType   string            `json:"task_type"`
	Generation string            `json:"generation"`
	Config     any               `json:"config,omitempty"`
	Inputs     map[string]string `json:"inputs,omitempty"` // upstream task: generation
	Layout     string            `json:"layout,omitempty"` // of an array: what its metadata said when it was made
	// Consumed tells that chunks may have been deleted after they were read (KeepUntilConsumed).
	Consumed bool `json:"consumed,omitempty"`
}

// A FieldError is a mistake in one field of a task's configuration; whoever holds the file adds the place.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

func (e *FieldError) Unwrap() error { return e.Err }

func fieldErrorf(field, format string, args ...any) error {
	return &FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// stopwatch splits a block's time into laps.
type stopwatch struct{ last time.Time }

func startWatch() stopwatch { return stopwatch{time.Now()} }

// lap adds the time since the last lap to d.
func (w *stopwatch) lap(d *time.Duration) {
	now := time.Now()
	*d += now.Sub(w.last)
	w.last = now
}
