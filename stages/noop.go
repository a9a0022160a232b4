package stages

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"volara/config"
	"volara/geometry"
)

// Noop processes blocks by waiting; it is there to try the engine: throughput, retries, who waits for whom. Its voxels
// are world units.
type Noop struct {
	Shared

	BlockSize geometry.Coordinate `json:"block_size" config:"required"`
	Context   geometry.Coordinate `json:"context,omitempty"`
	Duration  config.Duration     `json:"duration,omitempty"`  // of a block
	FailRate  float64             `json:"fail_rate,omitempty"` // chance that a try fails, 0 to 1
	Crash     []int64             `json:"crash,omitempty"`     // blocks, by index, whose every try kills its process
	Hang      []int64             `json:"hang,omitempty"`      // blocks, by index, whose every try never ends
	Bytes     int64               `json:"bytes,omitempty"`     // of memory that a block holds while it is in work
}

// Common returns the fields that every task has.
func (t *Noop) Common() *Shared { return &t.Shared }

// DefaultName is the task type: a file with several no-ops must name them.
func (t *Noop) DefaultName() string { return t.Shared.TaskType }

// Bind declares nothing: order comes from `after`.
func (t *Noop) Bind(*Binder) {}

// Plan tiles the roi.
func (t *Noop) Plan(context.Context, *Specs) (*Plan, error) {
	if err := t.Shared.check(geometry.Fits()...); err != nil {
		return nil, err
	}
	if t.Shared.ROI == nil {
		return nil, fieldErrorf("roi", "is needed: a noop has no data whose extent it could take")
	}
	n := t.Shared.ROI.Dims()
	if err := checkVector("block_size", t.BlockSize, n, 1); err != nil {
		return nil, err
	}
	if t.Context == nil {
		t.Context = geometry.Fill(n, 0)
	}
	if err := checkVector("context", t.Context, n, 0); err != nil {
		return nil, err
	}
	if !(t.FailRate >= 0 && t.FailRate <= 1) {
		return nil, fieldErrorf("fail_rate", "is %v; 0 to 1 is needed", t.FailRate)
	}
	if t.Duration < 0 {
		return nil, fieldErrorf("duration", "is negative")
	}
	if t.Bytes < 0 || t.Bytes > maxNoopBytes {
		return nil, fieldErrorf("bytes", "is %d; 0 to %d are possible", t.Bytes, int64(maxNoopBytes))
	}
	grid, region, err := t.Shared.tile(*t.Shared.ROI, geometry.Roi{}, geometry.Fill(n, 1), t.BlockSize, t.Context, t.Context)
	if err != nil {
		return nil, err
	}
	if grid.Len() == 0 {
		return nil, fieldErrorf("fit", "%q leaves no block: %v is smaller than a block of %v", grid.Fit(), *t.Shared.ROI, t.BlockSize)
	}
	if err := checkBlocks("crash", t.Crash, grid); err != nil {
		return nil, err
	}
	if err := checkBlocks("hang", t.Hang, grid); err != nil {
		return nil, err
	}
	return &Plan{Grid: grid, Region: region, VoxelSize: geometry.Fill(n, 1), BlockMemory: t.Bytes}, nil
}

// maxNoopBytes is what a slice can have on every machine; less may be more than this one has, which is for trying, too.
const maxNoopBytes = 1 << 40

// checkBlocks refuses blocks that a grid does not have.
func checkBlocks(field string, blocks []int64, grid geometry.Grid) error {
	for _, i := range blocks {
		if i < 0 || i >= grid.Len() {
			return fieldErrorf(field, "there is no block %d; the blocks are 0 to %d", i, grid.Len()-1)
		}
	}
	return nil
}

// Init has nothing to create.
func (t *Noop) Init(context.Context, *Env) error { return nil }

// Drop has nothing to remove.
func (t *Noop) Drop(context.Context, *Env) error { return nil }

// Open returns the processor.
func (t *Noop) Open(context.Context, *Env) (Processor, error) {
	return &noop{Noop: t, tries: map[int64]uint64{}}, nil
}

type noop struct {
	*Noop
	mu    sync.Mutex
	tries map[int64]uint64 // by block, kept only where tries can fail
}

func (p *noop) Close() error { return nil }

var errNoop = errors.New("this try was told to fail (fail_rate)")

// Process waits, and fails as often as fail_rate says. A block told to crash or to hang does so as foreign code would:
// without a word, whatever the context says.
func (p *noop) Process(ctx context.Context, b geometry.Block) (t Timings, err error) {
	if slices.Contains(p.Crash, b.Index) {
		if err := unix.Kill(unix.Getpid(), unix.SIGKILL); err != nil {
			return t, fmt.Errorf("crash, as told: %w", err)
		}
		select {}
	}
	if slices.Contains(p.Hang, b.Index) {
		select {}
	}
	held := hold(p.Bytes)
	defer runtime.KeepAlive(held)
	if p.Duration > 0 {
		watch := startWatch()
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(time.Duration(p.Duration)):
		}
		watch.lap(&t.Compute)
	}
	if p.FailRate > 0 && rand.New(rand.NewPCG(p.Shared.Seed, uint64(b.Index)<<8+p.try(b.Index))).Float64() < p.FailRate {
		return t, errNoop
	}
	return t, nil
}

// hold returns n bytes of memory that are really there: one of each page is written.
func hold(n int64) []byte {
	held := make([]byte, n)
	for i := 0; i < len(held); i += unix.Getpagesize() {
		held[i] = 1
	}
	return held
}

func (p *noop) try(block int64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries[block]++
	return p.tries[block]
}
