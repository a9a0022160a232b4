package view

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"volara/blockmap"
	"volara/geometry"
	"volara/nd"
	"volara/pipeline"
	"volara/stream"
	"volara/zarr"
	"volara/zarr/lazy"
)

// Blocks follows what becomes of the blocks of a run, when it is asked, in the run's folder. It is safe for concurrent use.
type Blocks struct {
	dir    string
	record func(context.Context) (map[string]pipeline.Record, error)
	log    *slog.Logger

	mu   sync.Mutex
	tail *stream.EventTail
	maps map[string]*blockmap.Map
	read time.Time
	told bool      // what the record says was asked for
	sure time.Time // when events and status were last compared
}

// newBlocks follows the run of a folder; record asks for what is recorded of it, in case the events do not tell all.
func newBlocks(dir string, tasks []*pipeline.TaskPlan, record func(context.Context) (map[string]pipeline.Record, error), log *slog.Logger) *Blocks {
	b := &Blocks{dir: dir, record: record, log: log, tail: stream.NewEventTail(dir), maps: map[string]*blockmap.Map{}}
	for _, t := range tasks {
		m := blockmap.New(t.Name, t.Plan.Grid.Counts())
		m.LeaveOut(t.Skip)
		b.maps[t.Name] = m
	}
	return b
}

// fresh is how long what was read of a run's folder is not read again.
const fresh = 250 * time.Millisecond

// compareAfter is how long it is believed that the events tell of all blocks that are done.
const compareAfter = 10 * time.Second

// refresh takes in what has happened; b.mu is held.
func (b *Blocks) refresh(ctx context.Context) error {
	if time.Since(b.read) < fresh {
		return nil
	}
	defer func() { b.read = time.Now() }()
	err := b.tail.Read(func(e stream.Event) error {
		if m := b.maps[e.Task]; m != nil {
			m.Take(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	status, err := pipeline.ReadStatus(b.dir)
	if err != nil { // the run has not begun
		return nil //nolint:nilerr // nothing is known of it
	}
	working := map[string]stream.Ranges{}
	if status.State == stream.StateRunning || status.State == stream.StatePaused {
		if working, err = stream.InWork(b.dir); err != nil {
			return err
		}
	}
	for name, m := range b.maps {
		m.SetWorking(working[name])
	}
	if !b.told && time.Since(b.sure) > compareAfter {
		if b.told, b.sure = b.lacks(status), time.Now(); b.told { // once: the events tell what comes after
			b.recall(ctx)
		}
	}
	return nil
}

// lacks reports whether blocks are done that no event tells of: they were adopted, or their events are not kept any more.
func (b *Blocks) lacks(status stream.Status) bool {
	for _, t := range status.Tasks {
		if m := b.maps[t.Name]; m != nil && m.Tally().Done() < t.Done {
			return true
		}
	}
	return false
}

// recall takes in what is recorded.
func (b *Blocks) recall(ctx context.Context) {
	records, err := b.record(ctx)
	if err != nil {
		b.log.Warn("blocks that were done long ago are not shown as done", "error", err)
		return
	}
	for name, r := range records {
		if m := b.maps[name]; m != nil && m.Len() == r.Done.Len() {
			m.SetDone(r.Generation, r.Done, r.Masked)
		}
	}
}

// complete reports whether all blocks of a task are done or left out.
func (b *Blocks) complete(ctx context.Context, task string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx); err != nil {
		return false
	}
	m := b.maps[task]
	n := m.Tally()
	return n.Done()+n[blockmap.LeftOut] == m.Len()
}

// states is the Source of a task's blocks: of each its blockmap.State.
type states struct {
	blocks *Blocks
	task   string
	grid   geometry.Grid
}

var _ lazy.Source = (*states)(nil)

func (s *states) Shape() []int    { return s.grid.Counts() }
func (s *states) DType() nd.DType { return nd.Uint8 }
func (s *states) Path() string    { return fmt.Sprintf("blocks of %s (%s)", s.task, s.blocks.dir) }

// ReadInto implements Source.
func (s *states) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	s.blocks.mu.Lock()
	defer s.blocks.mu.Unlock()
	if err := s.blocks.refresh(ctx); err != nil {
		return err
	}
	m, out := s.blocks.maps[s.task], nd.Values[uint8](dst)
	clear(out)
	want := geometry.NewRoi(offset, dst.Shape())
	inside := want.Intersect(s.grid.All())
	strides := nd.Strides(dst.Shape())
	for at, length := range inside.Rows() {
		to := 0
		for d, i := range at {
			to += (i - offset[d]) * strides[d]
		}
		first := s.grid.Index(at)
		for i := range length {
			out[to+i] = uint8(m.State(first + int64(i)))
		}
	}
	return nil
}

// mostBlocks is the largest grid whose blocks are shown: their states are kept in memory, a byte each.
const mostBlocks = 1 << 28

// datasetOf returns the blocks of a task as labels of one voxel a block.
func (b *Blocks) datasetOf(ctx context.Context, t *pipeline.TaskPlan) Dataset {
	grid := t.Plan.Grid
	s := zarr.Spatial{}
	for d := range grid.Dims() {
		s.VoxelSize = append(s.VoxelSize, float64(grid.BlockShape()[d]))
		s.Offset = append(s.Offset, float64(grid.Total().Offset[d]))
		s.AxisNames = append(s.AxisNames, fmt.Sprintf("d%d", d))
		s.Units, s.Types = append(s.Units, ""), append(s.Types, "space")
	}
	for _, spec := range t.Arrays() {
		if c := spec.ChannelAxes(); spec.Dims() == grid.Dims() {
			s.AxisNames, s.Units, s.Types = spec.AxisNames[c:], spec.Units[c:], spec.Types[c:]
			break
		}
	}
	d := Dataset{Name: "blocks-" + t.Name, Kind: Labels, Hidden: b.complete(ctx, t.Name),
		Levels: []Level{{Array: lazy.Array{Source: &states{b, t.Name, grid}, Spatial: s, Chunks: grid.Counts()}}}}
	for state := blockmap.Computed; state <= blockmap.Failed; state++ {
		c := state.Colour()
		d.Legend = append(d.Legend, Entry{uint64(state), state.String(), fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B)})
	}
	return d
}
