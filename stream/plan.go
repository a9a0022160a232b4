package stream

import (
	"context"
	"encoding/json"
	"time"

	"volara/geometry"
)

// A Plan is all that the stream knows of a run: blocks and who waits for whom, never what a task does.
type Plan struct {
	Run   string          `json:"run"`
	Tasks []Task          `json:"tasks"` // upstream before downstream
	Spec  json.RawMessage `json:"spec"`  // opaque: from it a worker opens the tasks' processors
}

// A Task is one stage of a plan. Bits of its done bitmap are row-major block indices of Grid.
type Task struct {
	Name       string        `json:"name"`       // unique in the run; a valid subject token
	Generation string        `json:"generation"` // one life of the task's outputs (ULID)
	Grid       geometry.Grid `json:"grid"`
	Select     geometry.Roi  `json:"select"` // box of block positions that this run wants done
	Upstream   []Dependency  `json:"upstream,omitempty"`
	MaxWorkers int           `json:"max_workers,omitempty"` // cap on blocks in work at once; 0: none
	MaxRetries int           `json:"max_retries"`           // tries after the first
	Timeout    time.Duration `json:"timeout,omitempty"`     // per block; 0: none
	// Conflict tells that blocks read what other blocks of this task write. Two of them are never at work at once, and
	// they go by level (geometry.Grid.Level): a block waits for those of lower levels that the run wants done.
	Conflict bool  `json:"read_write_conflict,omitempty"`
	Memory   int64 `json:"memory,omitempty"` // predicted peak of one block in bytes; 0: unknown, or next to none
	Voxels   int64 `json:"voxels,omitempty"` // in Select, for rates; 0: unknown
	// Host is the only one whose workers may do the task; empty: any.
	Host Host `json:"host,omitempty"`
	// Skip holds blocks that this run leaves out although Select has them; nil: none. Nobody waits for them, they count
	// in no total, and what is known of them stays. It is the tracker's alone, and not changed while one runs.
	Skip *Bitmap `json:"-"`
	// Consumers names the tasks that read what the task writes, all of them, where that is to be given up once they have;
	// each waits for this task. Empty: what is written stays.
	Consumers []string `json:"consumers,omitempty"`
	// Tile is the shape, in blocks, of the tiles that blocks are handed out by, so that neighbours are done close in
	// time; empty: in the order of indices.
	Tile geometry.Coordinate `json:"tile,omitempty"`
}

// A Dependency says which of an upstream task's blocks a block waits for: of those that the run has selected, the ones
// whose write ROI meets its read ROI, or all. Blocks upstream that are not selected are not waited for: who wants them
// done selects them.
type Dependency struct {
	Task string `json:"task"`
	All  bool   `json:"all,omitempty"`
}

// An Opener makes the processor of one task, once a worker process. spec is Plan.Spec. It may be called concurrently for
// different tasks.
type Opener func(ctx context.Context, spec json.RawMessage, task string) (Processor, error)

// A Processor processes blocks. Process is safe to repeat and to call concurrently on distinct blocks; errors may be
// marked with package fault. It asks ctx.Err() right before it makes output visible: a worker that was cut off for too
// long has lost the block to another one, and finds that out there. ctx is not cancelled when the run is stopped:
// blocks in work are finished.
type Processor interface {
	Process(ctx context.Context, b geometry.Block) (Result, error)
	Close() error
}

// A Result says how a block was done.
type Result struct {
	Timings Timings
	// Masked tells that nothing was computed: a mask excludes the block. It is done all the same.
	Masked bool
}

// Timings says where a block's time went.
type Timings struct {
	Read    time.Duration `json:"read"`
	Compute time.Duration `json:"compute"`
	Write   time.Duration `json:"write"`
}

// Add returns the sum of both.
func (t Timings) Add(o Timings) Timings {
	return Timings{t.Read + o.Read, t.Compute + o.Compute, t.Write + o.Write}
}
